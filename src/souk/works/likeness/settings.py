"""Limits of looking for likeness."""

from typing import Annotated

import msgspec
from msgspec import Meta

MIB = 2**20


class LikenessSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Variables: `SOUK_LIKENESS_` + the field's name."""

    max_file_bytes: Annotated[int, Meta(ge=0, le=64 * 2**30)] = 2048 * MIB
    """The longest file that is compared with others; 0 compares none."""
    memory_bytes: Annotated[int, Meta(ge=512 * MIB)] = 6144 * MIB
    """Address space of the process that looks at files."""
    cpu_s: Annotated[int, Meta(ge=1)] = 300
    """Processor time that it may take for a batch of files."""
    timeout_s: Annotated[float, Meta(gt=0)] = 600.0
    """How long a batch may take in all."""
