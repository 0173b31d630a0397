"""Hashing uploads while they arrive, so that little is left to do when they are complete.

Of all processes that receive parts of an upload, one at a time leads: it holds a lock, learns from
the database which parts are there (whoever received them) and hashes the file as far as it has no
gap. Its result lies beside the staged file for whichever process completes the upload. A leader
that dies loses its lock and its head start, nothing else.
"""

import asyncio
from collections import OrderedDict
from contextlib import suppress
from typing import Final

from souk.infra.blobs.store import BlobStore
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.waiting import waited
from souk.works.artifacts import upload_store
from souk.works.artifacts.ciphers import cipher_of
from souk.works.artifacts.model import UploadRow
from souk.works.artifacts.staging import GrowingHash, StagingArea

MAX_UPLOADS: Final = 512
POLL_S: Final = 0.05
IDLE_S: Final = 5.0
"""How long a leader waits for the next part before it lets go of the lock."""


class PrefixHashes:
    """The hashes of this process; the least recent go when there are many."""

    def __init__(self, database: Database, staging: StagingArea, *, blobs: BlobStore) -> None:
        self._database = database
        self._staging = staging
        self._blobs = blobs
        self._hashes: OrderedDict[str, GrowingHash] = OrderedDict()
        self._leading: dict[str, asyncio.Task[None]] = {}
        self._news = asyncio.Event()

    def part_arrived(self, upload: UploadRow) -> None:
        """A part is durable: see that somebody hashes on."""
        self._news.set()
        if upload.id not in self._leading:
            task = asyncio.create_task(self._lead(upload))
            self._leading[upload.id] = task
            task.add_done_callback(lambda done: self._led(upload.id, done))

    async def finish(self, upload: UploadRow) -> str:
        """The sha256 of the whole file, all of which has arrived.

        Raises:
            FileNotFoundError, EOFError, BlobDamaged: the staged bytes are gone.
        """
        while True:
            known = self._staging.known_hash(upload.id)
            if known is not None:
                return known
            with self._staging.locked(upload.id, "hash") as mine:
                if mine:
                    await self._advance(upload, upload.size_bytes)
                    return self._of(upload.id).hexdigest()
            await asyncio.sleep(POLL_S)

    def forget(self, upload_id: str) -> None:
        """The upload is over."""
        self._hashes.pop(upload_id, None)

    async def _lead(self, upload: UploadRow) -> None:
        """Hashes on while parts come; returns when all is hashed, or none comes for a while."""
        with suppress(FileNotFoundError), self._staging.locked(upload.id, "hash") as mine:
            idle_s = 0.0 if mine else IDLE_S
            while idle_s < IDLE_S:
                before = self._of(upload.id).position
                until = await self._known_until(upload, before)
                if until > before:
                    await self._advance(upload, until)
                    idle_s = 0.0
                if until == upload.size_bytes:
                    digest = self._of(upload.id).hexdigest()
                    await asyncio.to_thread(self._staging.keep_hash, upload.id, digest)
                    return
                await waited(self._news, POLL_S)
                self._news.clear()
                idle_s += POLL_S

    async def _known_until(self, upload: UploadRow, position: int) -> int:
        """How far the file has no gap."""
        number = position // upload.part_size_bytes + 1
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            for there in await upload_store.part_numbers(uow, upload.id, first=number):
                if there != number:
                    break
                number += 1
        return min(upload.size_bytes, upload.offset_of(number))

    async def _advance(self, upload: UploadRow, until: int) -> None:
        path = self._staging.content_of(upload.id)
        cipher = await cipher_of(upload, self._blobs)
        await asyncio.to_thread(self._of(upload.id).advance, path, until, cipher=cipher)

    def _of(self, upload_id: str) -> GrowingHash:
        found = self._hashes.setdefault(upload_id, GrowingHash())
        self._hashes.move_to_end(upload_id)
        if len(self._hashes) > MAX_UPLOADS:
            self._hashes.popitem(last=False)
        return found

    def _led(self, upload_id: str, done: asyncio.Task[None]) -> None:
        del self._leading[upload_id]
        if not done.cancelled():
            done.exception()  # only a head start was lost; completing says what is wrong
