"""Settings of the hub protocol. Variables: `SOUK_HUB_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta

MIB = 2**20


class HubSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one request may ask for."""

    max_commit_bytes: Annotated[int, Meta(ge=MIB, le=1024 * MIB)] = 192 * MIB
    """The largest body of a commit: its small files travel inside it, in base64."""
    max_inline_bytes: Annotated[int, Meta(ge=1024, le=64 * MIB)] = 10 * MIB
    """The largest file that travels inside a commit; larger ones are uploaded before."""
    max_operations: Annotated[int, Meta(ge=1)] = 25_000
    """How many files one commit may add, copy and delete."""
    part_size_bytes: Annotated[int, Meta(ge=MIB, le=64 * MIB, multiple_of=MIB)] = 64 * MIB
    """How long the parts of a large file are, where it is not sent by Xet."""
    upload_address_s: Annotated[int, Meta(ge=60, le=48 * 3600)] = 6 * 3600
    """How long a signed address takes a part of a large file."""
    batch_objects: Annotated[int, Meta(ge=1, le=10_000)] = 1000
    """How many large files may be announced at once."""
    tree_page: Annotated[int, Meta(ge=1, le=10_000)] = 1000
    """How many entries a page of a tree has, and the most paths that may be asked about at once."""
    commits_page: Annotated[int, Meta(ge=1, le=1000)] = 50
    """How many commits a page of the history has."""
    list_page: Annotated[int, Meta(ge=1, le=100)] = 100
    """How many repositories a page of a list has."""
    scan_wait_s: Annotated[float, Meta(ge=0, le=60)] = 3.0
    """How long a commit waits for the scans of files that were uploaded before it."""
    max_safetensors_header_bytes: Annotated[int, Meta(ge=1024)] = 25_000_000
    """The longest header of a safetensors file that is read for its tensors."""
