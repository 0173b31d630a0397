"""Completing an upload: from staged parts to an artifact, whatever dies in between.

The states `open`, `verified` (the hash was right) and `complete` are each committed before the next
step begins, and each step may be repeated, so that asking again goes on where a crash stopped.
"""

import asyncio
from typing import Final

import structlog

from souk.infra.blobs.segments import BlobDamaged
from souk.infra.blobs.store import BlobStore
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import Conflict
from souk.works.artifacts import store, upload_store
from souk.works.artifacts.api import PiecewiseContent
from souk.works.artifacts.cid import cid_of_chunks
from souk.works.artifacts.ciphers import cipher_of
from souk.works.artifacts.contents import Contents
from souk.works.artifacts.errors import HashMismatch, PartsMissing, UploadClosed
from souk.works.artifacts.events import ArtifactStored
from souk.works.artifacts.model import UploadRow, blob_name, chunk_digests
from souk.works.artifacts.prefix_hashes import PrefixHashes
from souk.works.artifacts.staging import PartSink, StagingArea
from souk_client.contracts.works import Artifact

MEDIA_TYPE_UNKNOWN: Final = "application/octet-stream"

log = structlog.get_logger("souk.uploads")


class Completer:
    """Completes uploads, each once at a time over all processes."""

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        *,
        staging: StagingArea,
        hashes: PrefixHashes,
        pieces: PiecewiseContent | None = None,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._contents = Contents(blobs, pieces)
        self._staging = staging
        self._hashes = hashes
        self._completions: dict[str, asyncio.Task[Artifact]] = {}

    async def complete(self, upload_id: str) -> Artifact:
        """The artifact of an upload. The work goes on when the caller hangs up; asking again joins.

        Raises:
            Gone: `upload_closed`.
            Conflict: `parts_missing`, `completion_under_way`.
            Invalid: `hash_mismatch`.
        """
        task = self._completions.get(upload_id)
        if task is None:
            task = asyncio.create_task(self._complete(upload_id))
            self._completions[upload_id] = task
            task.add_done_callback(lambda done: self._completed(upload_id, done))
        return await asyncio.shield(task)

    async def _complete(self, upload_id: str) -> Artifact:
        await asyncio.to_thread(self._staging.make_folder, upload_id)
        with self._staging.locked(upload_id, "complete") as mine:
            if not mine:
                raise Conflict(
                    "completion_under_way", "This upload is being completed.", retry_after_s=1
                )
            async with self._database.transaction(SYSTEM, read_only=True) as uow:
                upload = await upload_store.find(uow, upload_id)
                parts = await upload_store.parts(uow, upload_id)
            assert upload is not None
            if upload.state in {"failed", "expired"}:
                raise UploadClosed(upload.state)
            missing = upload.missing([part.number for part in parts])
            if upload.state == "open":
                if missing:
                    raise PartsMissing(missing)
                await self._verify(upload)
            if upload.state != "complete":
                await self._put_away(upload)
            digests = chunk_digests(parts, upload.size_bytes) if not missing else []
            artifact = await self._record(upload, digests)
        self._hashes.forget(upload_id)
        await asyncio.to_thread(self._staging.remove, upload_id)
        return artifact

    def _completed(self, upload_id: str, done: "asyncio.Task[Artifact]") -> None:
        del self._completions[upload_id]
        if not done.cancelled():
            done.exception()  # whoever asked may have hung up; asking again says it again

    async def _verify(self, upload: UploadRow) -> None:
        if not upload.part_count:
            await asyncio.to_thread(self._staging.prepare, upload)
            await self._seal_nothing(upload)
        try:
            actual = await self._hashes.finish(upload)
        except (FileNotFoundError, EOFError, BlobDamaged):
            await self._fail(upload)
            raise UploadClosed("lost: its staged bytes are gone") from None
        if actual != upload.sha256:
            await self._fail(upload)
            raise HashMismatch(announced=upload.sha256, actual=actual)
        async with self._database.transaction(SYSTEM) as uow:
            if not await upload_store.set_state(uow, upload.id, "verified", was=["open"]):
                raise UploadClosed("over")

    async def _fail(self, upload: UploadRow) -> None:
        async with self._database.transaction(SYSTEM) as uow:
            await upload_store.set_state(uow, upload.id, "failed", was=["open", "verified"])
            await upload_store.forget_parts(uow, upload.id)
        await asyncio.to_thread(self._staging.remove, upload.id)

    async def _put_away(self, upload: UploadRow) -> None:
        """Moves verified bytes into the blob store, unless they are stored already."""
        if await self._stored(upload):
            return
        put = self._blobs.put_file if upload.data_key_id is None else self._blobs.put_sealed
        try:
            await put(blob_name(upload.sha256), self._staging.content_of(upload.id))
        except FileNotFoundError:
            await self._fail(upload)
            raise UploadClosed("lost: its staged bytes are gone") from None

    async def _stored(self, upload: UploadRow) -> bool:
        """Whether these bytes are there; a damaged blob is not, and is put right by this upload."""
        try:
            return await self._contents.size(upload.sha256) == upload.size_bytes
        except BlobDamaged:
            log.exception("a damaged blob is replaced", sha256=upload.sha256)
            return False

    async def _seal_nothing(self, upload: UploadRow) -> None:
        """The one segment of an empty file, which no part brings."""
        cipher = await cipher_of(upload, self._blobs)
        if cipher is not None:
            sink = PartSink(self._staging.content_of(upload.id), at=0, cipher=cipher)
            try:
                await asyncio.to_thread(sink.take, [memoryview(b"")])
                await asyncio.to_thread(sink.make_durable)
            finally:
                sink.close()

    async def _record(self, upload: UploadRow, digests: list[bytes]) -> Artifact:
        async with self._database.transaction(SYSTEM) as uow:
            if upload.state != "complete":
                await self._record_new(uow, upload, digests)
            (row,) = await store.find(uow, [upload.sha256])
        return row.to_artifact()

    async def _record_new(self, uow: UnitOfWork, upload: UploadRow, digests: list[bytes]) -> None:
        new = await store.record(
            uow,
            sha256=upload.sha256,
            size_bytes=upload.size_bytes,
            cid=cid_of_chunks(digests, upload.size_bytes),
            filename=upload.filename,
            media_type=MEDIA_TYPE_UNKNOWN,
        )
        await store.add_holder(uow, upload.sha256, organisation_id=upload.organisation_id)
        if not await upload_store.set_state(uow, upload.id, "complete", was=["open", "verified"]):
            raise UploadClosed("over")
        await upload_store.forget_parts(uow, upload.id)
        if new:
            uow.publish(
                ArtifactStored(
                    sha256=upload.sha256,
                    size_bytes=upload.size_bytes,
                    filename=upload.filename,
                    organisation_id=upload.organisation_id,
                )
            )
