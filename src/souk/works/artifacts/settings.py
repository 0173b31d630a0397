"""Limits of uploads and of the scan."""

from typing import Annotated

import msgspec
from msgspec import Meta

MIB = 2**20


class ArtifactSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Uploads, artifacts and their scan. Variables: `SOUK_ARTIFACTS_` + the field's name."""

    part_size_bytes: Annotated[int, Meta(ge=MIB, le=512 * MIB, multiple_of=MIB)] = 8 * MIB
    """How long the parts of an upload are; larger ones for files of more than `max_parts` such."""
    max_parts: Annotated[int, Meta(ge=1, le=10_000)] = 10_000
    """How many parts an upload may have."""
    max_upload_bytes: Annotated[int, Meta(ge=1, le=2**44)] = 64 * 2**30
    """The largest file."""
    max_open_uploads: Annotated[int, Meta(ge=1)] = 1000
    """How many uploads an organisation may have under way."""
    upload_hours: Annotated[int, Meta(ge=1, le=24 * 30)] = 48
    """How long an upload may take, from its beginning."""
    part_timeout_s: Annotated[float, Meta(gt=0)] = 900.0
    """How long one part may take to arrive."""
    free_bytes_kept: Annotated[int, Meta(ge=0)] = 512 * MIB
    """Disk space that uploads leave free."""
    scan_memory_bytes: Annotated[int, Meta(ge=256 * MIB)] = 4096 * MIB
    """Address space of the process that scans a file."""
    scan_cpu_s: Annotated[int, Meta(ge=1)] = 300
    """Processor time that a scan may take."""
    scan_timeout_s: Annotated[float, Meta(gt=0)] = 600.0
    """How long a scan may take in all; a file past it is quarantined."""
    scan_workers: Annotated[int, Meta(ge=1, le=64)] = 2
    """How many files are scanned at once."""
