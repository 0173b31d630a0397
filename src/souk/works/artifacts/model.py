"""The rules of uploads: how a file is cut into parts."""

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Literal

import msgspec

from souk.kernel.errors import Invalid
from souk.works.artifacts.cid import CHUNK_BYTES
from souk.works.artifacts.settings import ArtifactSettings

UploadState = Literal["open", "verified", "complete", "failed", "expired"]


class UploadRow(msgspec.Struct, frozen=True, kw_only=True):
    """An upload as it is stored. `verified`: the hash was right, the bytes are being put away."""

    id: str
    organisation_id: str
    user_id: str
    filename: str
    size_bytes: int
    sha256: str
    part_size_bytes: int
    part_count: int
    state: UploadState
    created_at: datetime
    expires_at: datetime
    completed_at: datetime | None = None
    data_key_id: bytes | None = None
    """The key under which its parts are encrypted as they arrive; None: they are not."""

    def offset_of(self, number: int) -> int:
        """Where part `number` begins in the file."""
        return (number - 1) * self.part_size_bytes

    def length_of(self, number: int) -> int:
        """How many bytes part `number` has: the last one may be shorter."""
        return min(self.part_size_bytes, self.size_bytes - self.offset_of(number))

    def missing(self, received: Collection[int]) -> list[int]:
        """The parts that have not arrived."""
        there = set(received)
        return [number for number in range(1, self.part_count + 1) if number not in there]


class PartRow(msgspec.Struct, frozen=True, kw_only=True):
    """A received part; `digests` are the sha256 of each MiB of it, end to end."""

    number: int
    digests: bytes


def plan_parts(size_bytes: int, settings: ArtifactSettings) -> tuple[int, int]:
    """How long the parts of a file are, in whole MiB, and how many there are."""
    least = -(-size_bytes // settings.max_parts)
    part_size = max(settings.part_size_bytes, -(-least // CHUNK_BYTES) * CHUNK_BYTES)
    return part_size, -(-size_bytes // part_size)


def check_filename(filename: str) -> str:
    """The name, when it is a plain file name.

    Raises:
        Invalid: `filename_invalid`.
    """
    plain = PurePosixPath(filename).name == filename and "\\" not in filename
    if not filename or not plain or filename in {".", ".."} or not filename.isprintable():
        raise Invalid(
            "filename_invalid",
            "The file name must be a name alone: no folders, no control characters.",
        )
    return filename


def chunk_digests(parts: Sequence[PartRow], size_bytes: int) -> list[bytes]:
    """The sha256 of each MiB of the whole file, from its parts in order."""
    if size_bytes == 0:
        return [bytes.fromhex(EMPTY_SHA256)]
    together = b"".join(part.digests for part in parts)
    return [together[at : at + 32] for at in range(0, len(together), 32)]


EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""The sha256 of no bytes at all."""


def blob_name(sha256: str) -> str:
    """Where the bytes of this hash are in the blob store."""
    return f"sha256/{sha256[:2]}/{sha256[2:4]}/{sha256}"
