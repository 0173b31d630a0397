"""The blob store: put a file once, read any range of it. Names never change what they hold."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Final

import obstore
from obstore.store import LocalStore, ObjectStore, from_url

from souk.infra.blobs.durable import make_folder, move_durably
from souk.infra.blobs.settings import BlobSettings

CHUNK_BYTES: Final = 2**20
"""What a read yields at most at once."""
PUT_PART_BYTES: Final = 16 * 2**20


class BlobStore:
    """Durable bytes under a name such as `ab/cd/abcd…`.

    On the local disk a file is moved in by a rename, so that it costs no copy, and read in ranges;
    in an object store it is sent in parts, and read as one stream.
    """

    def __init__(self, store: ObjectStore | None, *, folder: Path | None) -> None:
        assert (store is None) != (folder is None), "either an object store or a folder"
        self._given_store = store
        self._folder = folder

    @cached_property
    def _store(self) -> ObjectStore:
        if self._folder is None:
            assert self._given_store is not None
            return self._given_store
        make_folder(self._folder)
        return LocalStore(self._folder)

    def local_path(self, name: str) -> Path | None:
        """Where the blob lies on this machine's disk; None with an object store."""
        return None if self._folder is None else self._folder / name

    async def put_file(self, name: str, path: Path) -> None:
        """Takes over the file at `path`; its bytes are durable under the name when this returns."""
        if self._folder is not None:
            await asyncio.to_thread(move_durably, path, self._folder / name)
        else:
            await obstore.put_async(self._store, name, path, chunk_size=PUT_PART_BYTES)
            await asyncio.to_thread(path.unlink)

    async def size(self, name: str) -> int | None:
        """How many bytes there are under a name; None when it is free."""
        try:
            found = await obstore.head_async(self._store, name)
        except FileNotFoundError:
            return None
        return found["size"]

    async def remove(self, name: str) -> None:
        """Removes what is stored under a name, if anything; nobody needs it any more."""
        with suppress(FileNotFoundError):
            await obstore.delete_async(self._store, name)

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
        """
        if start >= end:
            return
        chunks = self._ranges if self._folder is not None else self._stream
        async for chunk in chunks(name, start, end):
            yield chunk

    async def get(self, name: str, *, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end` in one piece, which the caller knows to be small.

        Raises:
            FileNotFoundError: when nothing is stored under the name.
        """
        path = self.local_path(name)
        if path is not None:
            return await asyncio.to_thread(_read_range, path, start, end)
        return bytes(await obstore.get_range_async(self._store, name, start=start, end=end))

    async def _ranges(self, name: str, start: int, end: int) -> AsyncIterator[bytes]:
        """From a local file, one read ahead of the reader: the disk works while the network does.

        Plain reads: through the store every chunk would open the file again and be copied twice.
        """
        path = self.local_path(name)
        assert path is not None
        file = await asyncio.to_thread(os.open, path, os.O_RDONLY)

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


def _read_range(path: Path, start: int, end: int) -> bytes:
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        content = file.read(end - start)
        while len(content) < end - start and (more := file.read(end - start - len(content))):
            content += more  # the kernel gave less than there is
        return content


def open_blobs(settings: BlobSettings, *, data_path: Path) -> BlobStore:
    """The store that the settings name; the local folder is made when it is first needed."""
    if settings.url:
        return BlobStore(from_url(settings.url), folder=None)
    return BlobStore(None, folder=data_path / "blobs")
