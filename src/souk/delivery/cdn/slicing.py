"""The hashes of an artifact's slices: made once, when a node is first to serve it."""

import asyncio
import hashlib

import structlog

from souk.delivery.cdn import log_store
from souk.delivery.cdn.settings import CdnSettings
from souk.edge.slices import SLICE_BYTES, root_of
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.waiting import end_tasks
from souk.kernel.errors import NotFound
from souk.works.artifacts.api import Artifacts

log = structlog.get_logger("souk.cdn")


class Slicing:
    """Gives the root of an artifact's slice hashes, and makes the list where there is none."""

    def __init__(self, database: Database, artifacts: Artifacts, settings: CdnSettings) -> None:
        self._database = database
        self._artifacts = artifacts
        self._settings = settings
        self._hashing: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(1)

    async def root(self, uow: UnitOfWork, sha256: str, size_bytes: int) -> str | None:
        """The root; empty for a file of one slice; None while a large file is being hashed."""
        if size_bytes <= SLICE_BYTES:
            return ""
        found = await log_store.slices_root(uow, sha256)
        if found is not None:
            return found
        task = self._hashing.get(sha256)
        if task is None:
            task = asyncio.create_task(self._hash(sha256, size_bytes))
            self._hashing[sha256] = task
            task.add_done_callback(lambda _done: self._hashing.pop(sha256, None))
        if size_bytes > self._settings.hash_at_once_bytes:
            return None
        await asyncio.shield(task)
        return await log_store.slices_root(uow, sha256)

    async def digests(self, uow: UnitOfWork, sha256: str) -> bytes:
        """The list itself. Raises NotFound `slices_unknown`."""
        found = await log_store.slice_list(uow, sha256)
        if found is None:
            raise NotFound("slices_unknown", "There is no list of slices of this artifact yet.")
        return found.digests

    async def close(self) -> None:
        """Ends what is under way; it begins anew when it is asked for again."""
        await end_tasks(tuple(self._hashing.values()))

    async def _hash(self, sha256: str, size_bytes: int) -> None:
        try:
            async with self._room:
                digests = await self._digests(sha256, size_bytes)
                async with self._database.transaction(SYSTEM) as uow:
                    await log_store.keep_slice_list(
                        uow, sha256, root=root_of(digests, size_bytes), digests=digests
                    )
        except Exception as error:  # the marketplace serves it itself, and says what is wrong
            log.warning("an artifact's slices were not hashed", sha256=sha256, problem=repr(error))

    async def _digests(self, sha256: str, size_bytes: int) -> bytes:
        """The hash of every slice; the whole is hashed beside it, and has to be what it is called.

        Raises:
            ValueError: it is not.
        """
        whole = hashlib.sha256()
        digests = bytearray()
        held = bytearray()
        async for chunk in self._artifacts.open(sha256):
            held += chunk
            while len(held) >= SLICE_BYTES:
                content = bytes(held[:SLICE_BYTES])
                del held[:SLICE_BYTES]
                digests += await asyncio.to_thread(_hash_both, whole, content)
        if held:
            digests += await asyncio.to_thread(_hash_both, whole, bytes(held))
        if whole.hexdigest() != sha256 or len(digests) != -(-size_bytes // SLICE_BYTES) * 32:
            raise ValueError("the stored bytes are not what their name says")
        return bytes(digests)


def _hash_both(whole: "hashlib._Hash", content: bytes) -> bytes:
    whole.update(content)
    return hashlib.sha256(content).digest()
