"""Where the parts of an upload wait until it is complete: one preallocated file on the local disk.

A folder a upload holds `content`, the file, and empty lock files. Locks are taken with flock(2), so
that they hold across processes and go when one is killed. A part's bytes are durable (fdatasync)
before its arrival is noted in the database; until then its place in the file means nothing.

Where new blobs are encrypted, the staging file is the encrypted blob itself: each MiB of a part is
a segment of it, so that plaintext never lies on the disk and completing moves the file as it is.
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
import threading
from collections.abc import AsyncIterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from souk.infra.blobs.durable import make_folder, sync_folder
from souk.infra.blobs.sealing import read_segment
from souk.infra.blobs.segments import (
    SEGMENT_BYTES,
    SegmentCipher,
    header_of,
    stored_at,
    stored_size,
)
from souk.works.artifacts.cid import CHUNK_BYTES
from souk.works.artifacts.model import UploadRow

READ_BYTES: Final = 2**20
SHA256_CHARACTERS: Final = 64


class StagingArea:
    """The folder `uploads` of the data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def content_of(self, upload_id: str) -> Path:
        """The staging file of an upload."""
        return self._folder / upload_id / "content"

    def free_bytes(self) -> int:
        """Disk space left."""
        there = self._folder if self._folder.is_dir() else self._folder.parent
        return shutil.disk_usage(there).free

    def make_folder(self, upload_id: str) -> None:
        """Makes the upload's folder, if it has none."""
        make_folder(self._folder / upload_id)

    def prepare(self, upload: UploadRow) -> None:
        """Makes the staging file at its full length, with its disk space reserved.

        Raises:
            OSError: ENOSPC when the disk is full.
        """
        path = self.content_of(upload.id)
        make_folder(path.parent)
        key_id = upload.data_key_id
        length = upload.size_bytes if key_id is None else stored_size(upload.size_bytes)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if os.fstat(descriptor).st_size < length:
                os.posix_fallocate(descriptor, 0, length)
                if key_id is not None:
                    os.pwrite(descriptor, header_of(key_id), 0)
                os.fsync(descriptor)
                sync_folder(path.parent)
        finally:
            os.close(descriptor)

    @contextmanager
    def locked(self, upload_id: str, what: str) -> Iterator[bool]:
        """Tries to be the only one at `what`, over all processes; False when somebody else is.

        Raises:
            FileNotFoundError: the upload has no folder.
        """
        folder = self._folder / upload_id
        descriptor = os.open(folder / f"{what}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)

    def known_hash(self, upload_id: str) -> str | None:
        """The sha256 that was found for the whole file, if it was."""
        try:
            found = (self._folder / upload_id / "sha256").read_text()
        except FileNotFoundError:
            return None
        return found if len(found) == SHA256_CHARACTERS else None  # a power cut may empty it

    def keep_hash(self, upload_id: str, sha256: str) -> None:
        """Keeps the sha256 of the whole file for whoever completes the upload."""
        scratch = self._folder / upload_id / "sha256.new"
        scratch.write_text(sha256)
        scratch.rename(scratch.with_name("sha256"))

    def remove(self, upload_id: str) -> None:
        """Removes what an upload left, if anything."""
        shutil.rmtree(self._folder / upload_id, ignore_errors=True)

    def upload_ids(self) -> list[str]:
        """The uploads that have a folder here."""
        return [path.name for path in self._folder.iterdir()] if self._folder.is_dir() else []


class PartSink:
    """Takes the bytes of one part as they arrive: writes them (or not), hashes each MiB.

    Args:
        path: the staging file; None only hashes, to compare with what was received before.
        at: where the part begins, in whole MiB.
        cipher: encrypts what is written; None writes it as it is.
    """

    def __init__(self, path: Path | None, *, at: int, cipher: SegmentCipher | None = None) -> None:
        self._descriptor = None if path is None else os.open(path, os.O_WRONLY)
        self._at = at
        self._cipher = cipher
        self._digests: list[bytes] = []

    def take(self, pieces: list[memoryview]) -> None:
        """One MiB in pieces, or the shorter end of the part."""
        digest = hashlib.sha256()
        for piece in pieces:
            digest.update(piece)
        self._digests.append(digest.digest())
        length = sum(len(piece) for piece in pieces)
        if self._descriptor is not None and self._cipher is not None:
            number = self._at // SEGMENT_BYTES
            sealed = self._cipher.seal(number, pieces)
            _write_all(self._descriptor, [memoryview(sealed)], stored_at(number))
        elif self._descriptor is not None:
            _write_all(self._descriptor, pieces, self._at)
        self._at += length

    def make_durable(self) -> None:
        """Returns when the bytes would survive a power cut."""
        if self._descriptor is not None:
            os.fdatasync(self._descriptor)

    @property
    def digests(self) -> bytes:
        return b"".join(self._digests)

    def close(self) -> None:
        """Gives the file back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _write_all(descriptor: int, pieces: list[memoryview], at: int) -> None:
    written = os.pwritev(descriptor, pieces, at)
    for piece in pieces:
        if written < len(piece):  # the kernel took less than all: write the rest piece by piece
            rest = piece[written:]
            while rest:
                rest = rest[os.pwrite(descriptor, rest, at + len(piece) - len(rest)) :]
            written = len(piece)
        written -= len(piece)
        at += len(piece)


async def pour(stream: AsyncIterable[bytes], sink: PartSink, *, limit: int) -> int:
    """Pours a stream into a sink while the next bytes arrive; answers how many came.

    Stops at the first byte past `limit` and answers more than it; never holds more than a few MiB.
    """
    arrived = filled = 0
    pieces: list[memoryview] = []
    pending: asyncio.Future[None] | None = None
    try:
        async for chunk in stream:
            arrived += len(chunk)
            if arrived > limit:
                return arrived
            view = memoryview(chunk)
            while view:
                pieces.append(view[: CHUNK_BYTES - filled])
                filled += len(pieces[-1])
                view = view[len(pieces[-1]) :]
                if filled == CHUNK_BYTES:
                    if pending is not None:
                        await pending
                    pending = asyncio.ensure_future(asyncio.to_thread(sink.take, pieces))
                    pieces, filled = [], 0
        if pending is not None:
            await pending
            pending = None
        if pieces:
            await asyncio.to_thread(sink.take, pieces)
    finally:
        if pending is not None:
            await asyncio.wait([pending])
    return arrived


class GrowingHash:
    """The sha256 of a file's beginning, carried further as more of it becomes known."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.position = 0
        self._busy = threading.Lock()

    def advance(self, path: Path, until: int, *, cipher: SegmentCipher | None = None) -> None:
        """Reads on up to `until` (from the page cache, when the bytes have just been written).

        Raises:
            FileNotFoundError, EOFError, BlobDamaged: the bytes are not there.
        """
        with self._busy, path.open("rb", buffering=0) as file:
            if cipher is not None:
                self._advance_sealed(file.fileno(), until, cipher)
                return
            file.seek(self.position)
            block = memoryview(bytearray(min(READ_BYTES, max(1, until - self.position))))
            while self.position < until:
                count = file.readinto(block[: until - self.position])
                if not count:
                    raise EOFError(f"{path} ends at {self.position}, before {until}")
                self._hash.update(block[:count])
                self.position += count

    def _advance_sealed(self, file: int, until: int, cipher: SegmentCipher) -> None:
        """Parts end with whole segments, or with the file: so does what is known."""
        while self.position < until:
            plain = read_segment(file, cipher, self.position // SEGMENT_BYTES)
            self._hash.update(plain)
            self.position += len(plain)

    def hexdigest(self) -> str:
        """The hash of all that was read."""
        return self._hash.hexdigest()
