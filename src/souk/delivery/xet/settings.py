"""Limits of Xet. Variables: `SOUK_XET_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta

MIB = 2**20


class XetSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Xet: tokens, uploads, de-duplication, and what is removed when."""

    token_seconds: Annotated[int, Meta(ge=60, le=3600)] = 900
    """How long a token works; clients get the next one by themselves."""
    url_seconds: Annotated[int, Meta(ge=10, le=900)] = 300
    """How long the signed address of a piece of a xorb works."""
    max_shard_bytes: Annotated[int, Meta(ge=MIB, le=1024 * MIB)] = 64 * MIB
    """The largest shard."""
    max_file_bytes: Annotated[int, Meta(ge=1, le=2**44)] = 64 * 2**30
    """The largest file."""
    max_shard_content_bytes: Annotated[int, Meta(ge=1)] = 512 * 2**30
    """How many bytes the new files of one shard may have together: all of them are read, and a few
    chunks that are named over and over would stand for more than anybody could read."""
    max_terms: Annotated[int, Meta(ge=1)] = 1_000_000
    """How many runs of chunks one shard may name over all its files."""
    xorb_workers: Annotated[int, Meta(ge=1, le=64)] = 4
    """How many xorbs a process makes durable at once; others that have arrived wait."""
    shard_workers: Annotated[int, Meta(ge=1, le=64)] = 2
    """How many shards a process takes apart at once, and for how many it reads and hashes files;
    others wait their turn."""
    body_timeout_s: Annotated[float, Meta(gt=0)] = 900.0
    """How long a xorb or a shard may take to arrive."""
    free_bytes_kept: Annotated[int, Meta(ge=0)] = 512 * MIB
    """Disk space that xorbs leave free, where blobs are kept on the local disk."""
    max_unused_bytes: Annotated[int, Meta(ge=64 * MIB)] = 256 * 2**30
    """How much an organisation may have sent that no file is built on yet."""
    plain_min_bytes: Annotated[int, Meta(ge=0)] = 16 * MIB
    """Artifacts that were uploaded plainly are made readable by Xet from this size on."""
    max_related_xorbs: Annotated[int, Meta(ge=1, le=4096)] = 256
    """How many xorbs the answer to a de-duplication query lists."""
    related_hours: Annotated[int, Meta(ge=1, le=24 * 21)] = 24 * 7
    """How long clients may keep such an answer."""
    xorb_grace_hours: Annotated[int, Meta(ge=24 * 22, le=24 * 365)] = 24 * 28
    """When a xorb that no file is built on is removed, after it was last sent or asked for.
    Clients remember for three weeks what they have sent, so it must be longer."""
