"""Uploads: parts in any order, in parallel, resumable; complete when the hash is right.

What is durable when: a part's bytes before its arrival is acknowledged; the file in the blob store
before its artifact is recorded. `complete` may be called again after a crash at any moment.
"""

import asyncio
import errno
from collections.abc import AsyncIterable
from datetime import timedelta
from typing import Final

import msgspec

from souk.infra.blobs.store import BlobStore
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM, scope_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Invalid, TooLarge, TooMany, Unavailable
from souk.kernel.ids import new_id
from souk.works.artifacts import store, upload_store
from souk.works.artifacts.api import PiecewiseContent
from souk.works.artifacts.ciphers import cipher_of
from souk.works.artifacts.completing import Completer
from souk.works.artifacts.errors import (
    PartDiffers,
    PartInterrupted,
    PartLengthWrong,
    PartNumberWrong,
    PartUnderWay,
    UploadClosed,
    UploadUnknown,
)
from souk.works.artifacts.model import (
    UploadRow,
    check_filename,
    plan_parts,
)
from souk.works.artifacts.prefix_hashes import PrefixHashes
from souk.works.artifacts.settings import ArtifactSettings
from souk.works.artifacts.staging import PartSink, StagingArea, pour
from souk_client.contracts.works import Artifact, PartReceived, Upload, UploadRequest

SWEEP_LIMIT: Final = 500


class UploadService:
    """Takes files in. The streaming use cases open their own short transactions."""

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        *,
        staging: StagingArea,
        settings: ArtifactSettings,
        pieces: PiecewiseContent | None = None,
    ) -> None:
        self._database = database
        self._staging = staging
        self._settings = settings
        self._blobs = blobs
        self._hashes = PrefixHashes(database, staging, blobs=blobs)
        self._completer = Completer(
            database, blobs, staging=staging, hashes=self._hashes, pieces=pieces
        )

    async def begin(
        self,
        uow: UnitOfWork,
        actor: Actor,
        request: UploadRequest,
        *,
        part_size_bytes: int | None = None,
    ) -> Upload:
        """Announces a file; complete at once when the organisation holds these bytes already.

        Args:
            part_size_bytes: how long its parts shall be, in whole MiB, where the file does not need
                longer ones; an upload of the same bytes that is open already is gone on with.

        Raises:
            TooLarge: `file_too_large`. Invalid: `filename_invalid`, `size_mismatch`.
            TooMany: `uploads_open`. Unavailable: `storage_full`.
        """
        user_id = actor.require("marketplace:create_resource")
        organisation_id = actor.acting_for(request.organisation_id)
        settings = self._settings
        if request.size_bytes > settings.max_upload_bytes:
            raise TooLarge(
                "file_too_large", f"A file may have at most {settings.max_upload_bytes} bytes."
            )
        held = await store.held(uow, organisation_id, [request.sha256])
        if held and held[0].size_bytes != request.size_bytes:
            raise Invalid(
                "size_mismatch",
                f"The content of this hash has {held[0].size_bytes} bytes, not "
                f"{request.size_bytes}.",
            )
        if part_size_bytes is not None:
            settings = msgspec.structs.replace(settings, part_size_bytes=part_size_bytes)
        part_size, part_count = plan_parts(request.size_bytes, settings)
        if part_size_bytes is not None and not held:
            known = await upload_store.find_open(
                uow, organisation_id, sha256=request.sha256, part_size_bytes=part_size
            )
            if known is not None and known.size_bytes == request.size_bytes:
                return _shown(known, received=await upload_store.part_numbers(uow, known.id))
        upload = UploadRow(
            id=new_id("upl", uow.now),
            organisation_id=organisation_id,
            user_id=user_id,
            filename=check_filename(request.filename),
            size_bytes=request.size_bytes,
            sha256=request.sha256,
            part_size_bytes=part_size,
            part_count=part_count,
            state="complete" if held else "open",
            created_at=uow.now,
            expires_at=uow.now + timedelta(hours=settings.upload_hours),
            completed_at=uow.now if held else None,
            data_key_id=None if held else await self._blobs.begin_sealed(),
        )
        if not held:
            await self._check_room(uow, upload)
        await upload_store.add(uow, upload)
        return _shown(upload, artifact=held[0].to_artifact() if held else None)

    async def show(self, uow: UnitOfWork, actor: Actor, upload_id: str) -> Upload:
        """How far an upload is: what a client asks before it resumes.

        Raises:
            NotFound: `upload_unknown`.
        """
        upload = await _own(uow, actor, upload_id)
        if upload.state == "complete":
            (row,) = await store.held(uow, upload.organisation_id, [upload.sha256])
            return _shown(upload, artifact=row.to_artifact())
        return _shown(upload, received=await upload_store.part_numbers(uow, upload.id))

    async def receive(
        self, actor: Actor, upload_id: str, *, number: int, stream: AsyncIterable[bytes]
    ) -> PartReceived:
        """Takes one part as it arrives; its bytes are durable when this returns.

        Raises:
            NotFound: `upload_unknown`. Gone: `upload_closed`.
            Invalid: `part_number_wrong`, `part_length_wrong`, `part_interrupted`.
            Conflict: `part_differs`, `part_under_way`.
            Unavailable: `storage_full`.
        """
        upload = await self._open_upload(actor, upload_id, number)
        await self._prepare(upload)
        with self._staging.locked(upload_id, f"part-{number}") as mine:
            if not mine:
                raise PartUnderWay(number)
            async with self._database.transaction(scope_of(actor), read_only=True) as uow:
                known = await upload_store.part_digests(uow, upload_id, number)
            digests = await self._take(upload, number, stream, write=known is None)
            if known is None:
                async with self._database.transaction(scope_of(actor)) as uow:
                    size = upload.length_of(number)
                    if not await upload_store.add_part(
                        uow, upload, number=number, size_bytes=size, digests=digests
                    ):
                        raise UploadClosed("over")
                self._hashes.part_arrived(upload)
            elif digests != known:
                raise PartDiffers(number)
        return PartReceived(number=number, size_bytes=upload.length_of(number))

    async def complete(self, actor: Actor, upload_id: str) -> Artifact:
        """Checks the hash and makes the file an artifact of the organisation. Safe to repeat.

        Raises:
            NotFound: `upload_unknown`. And as `Completer.complete`.
        """
        async with self._database.transaction(scope_of(actor), read_only=True) as uow:
            await _own(uow, actor, upload_id)
        return await self._completer.complete(upload_id)

    async def sweep(self) -> int:
        """Ends uploads whose time is over and removes what they left; answers how many ended."""
        async with self._database.transaction(SYSTEM) as uow:
            expired = await upload_store.expire(uow, limit=SWEEP_LIMIT)
            for upload_id in expired:
                await upload_store.forget_parts(uow, upload_id)
        staged = await asyncio.to_thread(self._staging.upload_ids)
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            live = await upload_store.live_ids(uow, staged)
        for upload_id in set(staged) - live:
            self._hashes.forget(upload_id)
            await asyncio.to_thread(self._staging.remove, upload_id)
        return len(expired)

    async def _check_room(self, uow: UnitOfWork, upload: UploadRow) -> None:
        under_way = await upload_store.count_open(uow, upload.organisation_id)
        if under_way >= self._settings.max_open_uploads:
            raise TooMany(
                "uploads_open",
                f"There are {under_way} uploads under way, the most there may be; complete them, "
                "or wait until they expire.",
                retry_after_s=60,
            )
        if self._staging.free_bytes() < upload.size_bytes + self._settings.free_bytes_kept:
            raise _storage_full()

    async def _open_upload(self, actor: Actor, upload_id: str, number: int) -> UploadRow:
        async with self._database.transaction(scope_of(actor), read_only=True) as uow:
            upload = await _own(uow, actor, upload_id)
            if upload.state != "open" or upload.expires_at <= uow.now:
                raise UploadClosed("expired" if upload.state == "open" else upload.state)
        if not 1 <= number <= upload.part_count:
            raise PartNumberWrong(number, upload.part_count)
        return upload

    async def _prepare(self, upload: UploadRow) -> None:
        try:
            await asyncio.to_thread(self._staging.prepare, upload)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise _storage_full() from error
            raise

    async def _take(
        self, upload: UploadRow, number: int, stream: AsyncIterable[bytes], *, write: bool
    ) -> bytes:
        expected = upload.length_of(number)
        path = self._staging.content_of(upload.id) if write else None
        cipher = await cipher_of(upload, self._blobs) if write else None
        sink = PartSink(path, at=upload.offset_of(number), cipher=cipher)
        try:
            async with asyncio.timeout(self._settings.part_timeout_s):
                arrived = await pour(stream, sink, limit=expected)
            if arrived != expected:
                raise PartLengthWrong(number, expected=expected, arrived=arrived)
            await asyncio.to_thread(sink.make_durable)
        except TimeoutError as error:
            raise PartInterrupted(number) from error
        finally:
            sink.close()
        return sink.digests


async def _own(uow: UnitOfWork, actor: Actor, upload_id: str) -> UploadRow:
    actor.require_user()
    upload = await upload_store.find(uow, upload_id)
    if upload is None or not actor.belongs_to(upload.organisation_id):
        raise UploadUnknown()
    return upload


def _storage_full() -> Unavailable:
    return Unavailable(
        "storage_full", "The marketplace's disk has no room for this file now; try again later."
    )


def _shown(
    upload: UploadRow, *, received: list[int] | None = None, artifact: Artifact | None = None
) -> Upload:
    everything = list(range(1, upload.part_count + 1))
    return Upload(
        id=upload.id,
        filename=upload.filename,
        size_bytes=upload.size_bytes,
        sha256=upload.sha256,
        part_size_bytes=upload.part_size_bytes,
        part_count=upload.part_count,
        parts_received=everything if upload.state == "complete" else received or [],
        state="open" if upload.state == "verified" else upload.state,
        expires_at=upload.expires_at,
        artifact=artifact,
    )
