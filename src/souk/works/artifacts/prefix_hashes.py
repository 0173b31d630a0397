"""Hashing uploads while they arrive, so that little is left to do when they are complete.

A process hashes what it received itself, from the beginning of the file as far as it has no gap.
It is only a head start: whatever is missing (another process had the part, or this one was
restarted) is read when the upload is completed.
"""

import asyncio
from collections import OrderedDict
from contextlib import suppress
from typing import Final

from souk.works.artifacts.model import UploadRow
from souk.works.artifacts.staging import GrowingHash, StagingArea

MAX_UPLOADS: Final = 512


class _Running:
    """How far the hash of one upload is."""

    def __init__(self) -> None:
        self.hash = GrowingHash()
        self.received: set[int] = set()
        self.next_number = 1
        self.task: asyncio.Task[None] | None = None

    def note(self, number: int) -> None:
        self.received.add(number)
        while self.next_number in self.received:
            self.received.remove(self.next_number)
            self.next_number += 1


class PrefixHashes:
    """The running hashes of this process's uploads; the least recent go when there are many."""

    def __init__(self, staging: StagingArea) -> None:
        self._staging = staging
        self._running: OrderedDict[str, _Running] = OrderedDict()

    def part_arrived(self, upload: UploadRow, number: int) -> None:
        """A part is durable: hash on in the background when there is no gap before it."""
        running = self._of(upload.id)
        running.note(number)
        if running.task is None or running.task.done():
            running.task = asyncio.create_task(self._advance(upload, running))

    async def finish(self, upload: UploadRow) -> str:
        """The sha256 of the whole file, all of which has arrived."""
        running = self._of(upload.id)
        path = self._staging.content_of(upload.id)
        await asyncio.to_thread(running.hash.advance, path, upload.size_bytes)
        self.forget(upload.id)
        return running.hash.hexdigest()

    def forget(self, upload_id: str) -> None:
        """The upload is over."""
        self._running.pop(upload_id, None)

    def _of(self, upload_id: str) -> _Running:
        running = self._running.setdefault(upload_id, _Running())
        self._running.move_to_end(upload_id)
        if len(self._running) > MAX_UPLOADS:
            self._running.popitem(last=False)
        return running

    async def _advance(self, upload: UploadRow, running: _Running) -> None:
        path = self._staging.content_of(upload.id)
        done = 0
        while done != running.next_number:
            done = running.next_number
            until = min(upload.size_bytes, upload.offset_of(done))
            with suppress(FileNotFoundError):  # the upload was completed, or swept, meanwhile
                await asyncio.to_thread(running.hash.advance, path, until)
