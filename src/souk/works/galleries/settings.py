"""Limits of galleries. Variables: `SOUK_GALLERIES_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta

MIB = 2**20


class GallerySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a picture may cost."""

    max_source_bytes: Annotated[int, Meta(ge=1024, le=64 * MIB)] = 16 * MIB
    """The largest picture file."""
    max_pixels: Annotated[int, Meta(ge=10_000, le=400_000_000)] = 40_000_000
    """The most pixels, width times height, that are decoded."""
    memory_bytes: Annotated[int, Meta(ge=256 * MIB)] = 1024 * MIB
    """Address space of the process that decodes a picture."""
    cpu_s: Annotated[int, Meta(ge=1, le=600)] = 20
    """Processor time that decoding may take."""
    timeout_s: Annotated[float, Meta(gt=0, le=600)] = 30.0
    """How long decoding may take in all."""
    at_once: Annotated[int, Meta(ge=1, le=64)] = 2
    """How many pictures a process decodes at once."""
    waiting: Annotated[int, Meta(ge=0, le=1000)] = 6
    """How many more may wait for their turn; one past it is told to come back."""
