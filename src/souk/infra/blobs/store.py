"""The blob store: put a file once, read any range of it. Names never change what they hold.

A blob is kept as it is, or encrypted under `encrypted/` and its name (`segments`); whoever reads
gets the plaintext, and need not know which. New ones are encrypted when the settings say so.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Final

import obstore
import structlog
from obstore.store import LocalStore, ObjectStore, from_url

from souk.infra.blobs.durable import make_folder, move_durably
from souk.infra.blobs.sealing import Sealing, read_range, read_segment, seal_file
from souk.infra.blobs.segments import (
    HEADER_BYTES,
    SEGMENT_BYTES,
    BlobDamaged,
    SegmentCipher,
    key_id_in,
    plain_size,
    stored_at,
)
from souk.infra.blobs.settings import BlobSettings
from souk.infra.keyring.data_keys import DataKeys
from souk.infra.keyring.keyring import KeyUnknown

CHUNK_BYTES: Final = 2**20
"""What a read yields at most at once."""
PUT_PART_BYTES: Final = 16 * 2**20
ENCRYPTED: Final = "encrypted/"
"""Where encrypted blobs are: so that nobody's content can pass for one."""

log = structlog.get_logger("souk.blobs")


class BlobStore:
    """Durable bytes under a name such as `ab/cd/abcd…`.

    On the local disk a file is moved in by a rename, so that it costs no copy, and read in ranges;
    in an object store it is sent in parts, and read as one stream.
    """

    def __init__(
        self, store: ObjectStore | None, *, folder: Path | None, sealing: Sealing | None = None
    ) -> None:
        assert (store is None) != (folder is None), "either an object store or a folder"
        self._given_store = store
        self._folder = folder
        self._sealing = sealing

    @cached_property
    def _store(self) -> ObjectStore:
        if self._folder is None:
            assert self._given_store is not None
            return self._given_store
        make_folder(self._folder)
        return LocalStore(self._folder)

    def local_path(self, name: str) -> Path | None:
        """Where the blob would lie, as it is, on this machine's disk; None where it never does:
        with an object store, or encrypted."""
        if self._folder is None:
            return None
        if self._sealing is not None and (self._folder / f"{ENCRYPTED}{name}").exists():
            return None
        return self._folder / name

    async def put_file(self, name: str, path: Path) -> None:
        """Takes over the file at `path`; its bytes are durable under the name when this returns."""
        if self._sealing is None or not self._sealing.new_ones:
            await self._put(name, path)
            return
        sealed = path.with_name(f"{path.name}.sealed")
        key = await self._sealing.keys.fresh()
        try:
            await asyncio.to_thread(seal_file, path, sealed, key, name=name)
            await self.put_sealed(name, sealed)
        finally:
            await asyncio.to_thread(sealed.unlink, missing_ok=True)
        await asyncio.to_thread(path.unlink)

    async def begin_sealed(self) -> bytes | None:
        """The id of a fresh key for a blob that will arrive; None when it shall stay as it is."""
        if self._sealing is None or not self._sealing.new_ones:
            return None
        return (await self._sealing.keys.fresh()).id

    async def cipher(self, name: str, *, key_id: bytes, size_bytes: int) -> SegmentCipher:
        """What encrypts a blob that arrives under a key of `begin_sealed`.

        Raises:
            KeyUnknown: there is no such key.
        """
        assert self._sealing is not None, "a key was made, so there are keys"
        key = await self._sealing.keys.find(key_id)
        return SegmentCipher(key, name=name, size_bytes=size_bytes)

    async def put_sealed(self, name: str, path: Path) -> None:
        """As `put_file`, of a file that holds the blob's header and segments."""
        await self._put(f"{ENCRYPTED}{name}", path)

    async def size(self, name: str) -> int | None:
        """How many bytes there are under a name; None when it is free.

        Raises:
            BlobDamaged: what is there has a wrong length or header.
        """
        cipher = await self._cipher(name)
        return await self._stored_size(name) if cipher is None else cipher.size_bytes

    async def remove(self, name: str) -> None:
        """Removes what is stored under a name, if anything; nobody needs it any more."""
        with suppress(FileNotFoundError):
            await obstore.delete_async(self._store, name)
        if self._sealing is None:
            return
        try:
            header = await self._raw(f"{ENCRYPTED}{name}", 0, HEADER_BYTES)
        except FileNotFoundError:
            return
        with suppress(FileNotFoundError):
            await obstore.delete_async(self._store, f"{ENCRYPTED}{name}")
        with suppress(BlobDamaged):
            await self._sealing.keys.forget([key_id_in(header, name=name)])

    def free_bytes(self) -> int | None:
        """Disk space left where blobs are kept; None with an object store."""
        if self._folder is None:
            return None
        there = self._folder if self._folder.is_dir() else self._folder.parent
        return shutil.disk_usage(there).free

    async def read(self, name: str, *, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end`, in chunks of at most CHUNK_BYTES.

        Raises:
            FileNotFoundError: when nothing is stored under the name.
            BlobDamaged: it was changed since; nothing of a changed segment is given out.
        """
        if start >= end:
            return
        cipher = await self._cipher(name)
        if cipher is not None:
            segments = self._local_segments if self._folder is not None else self._segments
            first = start // SEGMENT_BYTES
            async for number, plain in segments(
                name, cipher, range(first, -(-end // SEGMENT_BYTES))
            ):
                at = number * SEGMENT_BYTES
                whole = start <= at and end >= at + len(plain)
                yield plain if whole else plain[max(0, start - at) : end - at]
            return
        chunks = self._ranges if self._folder is not None else self._stream
        async for chunk in chunks(name, start, end):
            yield chunk

    async def get(self, name: str, *, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end` in one piece, which the caller knows to be small.

        Raises:
            FileNotFoundError: when nothing is stored under the name.
            BlobDamaged: it was changed since.
        """
        if await self._cipher(name) is not None:
            return b"".join([chunk async for chunk in self.read(name, start=start, end=end)])
        return await self._raw(name, start, end)

    async def _put(self, stored: str, path: Path) -> None:
        if self._folder is not None:
            await asyncio.to_thread(move_durably, path, self._folder / stored)
        else:
            await obstore.put_async(self._store, stored, path, chunk_size=PUT_PART_BYTES)
            await asyncio.to_thread(path.unlink)

    async def _stored_size(self, stored: str) -> int | None:
        try:
            found = await obstore.head_async(self._store, stored)
        except FileNotFoundError:
            return None
        return found["size"]

    async def _raw(self, stored: str, start: int, end: int) -> bytes:
        if self._folder is not None:
            return await asyncio.to_thread(read_range, self._folder / stored, start, end)
        return bytes(await obstore.get_range_async(self._store, stored, start=start, end=end))

    async def _cipher(self, name: str) -> SegmentCipher | None:
        """What decrypts a blob; None when it is not there in encrypted form.

        One whose key is not known counts as not there: a restored database is older than the blobs
        beside it, and what it does not know may be sent again.

        Raises:
            BlobDamaged: it has a wrong length or header.
        """
        if self._sealing is None:
            return None
        stored = f"{ENCRYPTED}{name}"
        if self._folder is not None and not (self._folder / stored).exists():
            return None  # asked without a thread: most stores hold most blobs as they are
        length = await self._stored_size(stored)
        if length is None:
            return None
        header = await self._raw(stored, 0, min(length, HEADER_BYTES))
        key_id = key_id_in(header, name=name)
        try:
            key = await self._sealing.keys.find(key_id)
        except KeyUnknown:
            log.warning("an encrypted blob has no key", blob=name, key=key_id.hex())
            return None
        return SegmentCipher(key, name=name, size_bytes=plain_size(length, name=name))

    async def _local_segments(
        self, name: str, cipher: SegmentCipher, numbers: range
    ) -> AsyncIterator[tuple[int, bytes]]:
        """Decrypted segments of a local file, one read and opened ahead of the reader."""
        assert self._folder is not None
        file = await asyncio.to_thread(os.open, self._folder / f"{ENCRYPTED}{name}", os.O_RDONLY)

        def get(number: int) -> "asyncio.Future[bytes]":
            return asyncio.ensure_future(asyncio.to_thread(read_segment, file, cipher, number))

        numbers = range(numbers.start, min(numbers.stop, cipher.count))
        ahead = get(numbers.start) if numbers else None
        try:
            for number in numbers:
                assert ahead is not None
                plain = await ahead
                if number + 1 < numbers.stop:
                    ahead = get(number + 1)
                yield number, plain
        finally:
            # A thread cannot be cancelled: the file stays open until its read is done.
            if ahead is None:
                os.close(file)
            else:
                ahead.add_done_callback(lambda done: _end_read(done, file))

    async def _segments(
        self, name: str, cipher: SegmentCipher, numbers: range
    ) -> AsyncIterator[tuple[int, bytes]]:
        """Decrypted segments out of an object store's stream."""
        numbers = range(numbers.start, min(numbers.stop, cipher.count))
        if not numbers:
            return
        last = numbers.stop - 1
        start, end = stored_at(numbers.start), stored_at(last) + cipher.stored_length(last)
        waiting = bytearray()
        number = numbers.start
        async for chunk in self._stream(f"{ENCRYPTED}{name}", start, end):
            waiting += chunk
            while number <= last and len(waiting) >= (length := cipher.stored_length(number)):
                sealed = bytes(waiting[:length])
                del waiting[:length]
                yield number, await asyncio.to_thread(cipher.open, number, sealed)
                number += 1
        if number <= last:
            raise BlobDamaged(name, "it ends before its last segment")

    async def _ranges(self, name: str, start: int, end: int) -> AsyncIterator[bytes]:
        """From a local file, one read ahead of the reader: the disk works while the network does.

        Plain reads: through the store every chunk would open the file again and be copied twice.
        """
        assert self._folder is not None
        file = await asyncio.to_thread(os.open, self._folder / name, os.O_RDONLY)

        def get(at: int) -> "asyncio.Future[bytes]":
            length = min(CHUNK_BYTES, end - at)
            return asyncio.ensure_future(asyncio.to_thread(os.pread, file, length, at))

        ahead = get(start)
        try:
            for at in range(start, end, CHUNK_BYTES):
                chunk = await ahead
                if at + CHUNK_BYTES < end:
                    ahead = get(at + CHUNK_BYTES)
                yield chunk
        finally:
            # A thread cannot be cancelled: the file stays open until its read is done.
            ahead.add_done_callback(lambda _done: os.close(file))

    async def _stream(self, name: str, start: int, end: int) -> AsyncIterator[bytes]:
        found = await obstore.get_async(self._store, name, options={"range": (start, end)})
        async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
            whole = memoryview(chunk)
            for at in range(0, len(whole), CHUNK_BYTES):
                yield bytes(whole[at : at + CHUNK_BYTES])


def _end_read(done: "asyncio.Future[bytes]", file: int) -> None:
    os.close(file)
    if not done.cancelled():
        done.exception()  # nobody waits for what was read ahead


def open_blobs(
    settings: BlobSettings, *, data_path: Path, keys: DataKeys | None = None
) -> BlobStore:
    """The store that the settings name; the local folder is made when it is first needed.

    Args:
        keys: of encrypted blobs; without them there are none.
    """
    sealing = None if keys is None else Sealing(keys, new_ones=settings.encrypt)
    if settings.url:
        return BlobStore(from_url(settings.url), folder=None, sealing=sealing)
    return BlobStore(None, folder=data_path / "blobs", sealing=sealing)
