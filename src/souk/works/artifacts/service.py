"""Artifacts: finding them, reading their bytes, and the quarantine."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Collection
from pathlib import Path

from souk.infra.blobs.store import BlobStore
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict
from souk.kernel.paging import Page, decode_cursor, page_of
from souk.works.artifacts import store
from souk.works.artifacts.api import PiecewiseContent, SentContent
from souk.works.artifacts.cid import cid_of, cid_of_chunks
from souk.works.artifacts.completing import MEDIA_TYPE_UNKNOWN
from souk.works.artifacts.contents import Contents
from souk.works.artifacts.errors import ArtifactUnknown
from souk.works.artifacts.events import ArtifactReleased, ArtifactStored
from souk.works.artifacts.model import blob_name
from souk_client.contracts.works import Artifact


class ArtifactService:
    """Implements `artifacts.api.Artifacts`, and what admins do with the quarantine."""

    def __init__(self, blobs: BlobStore, *, pieces: PiecewiseContent | None = None) -> None:
        self._blobs = blobs
        self._contents = Contents(blobs, pieces)

    async def get(self, uow: UnitOfWork, sha256: str) -> Artifact:
        found = await store.find(uow, [sha256])
        if not found:
            raise ArtifactUnknown()
        return found[0].to_artifact()

    async def get_many(self, uow: UnitOfWork, sha256s: Collection[str]) -> dict[str, Artifact]:
        return {row.sha256: row.to_artifact() for row in await store.find(uow, sha256s)}

    def open(self, sha256: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        return self._contents.read(sha256, start=start, end=end)

    async def holds(self, uow: UnitOfWork, organisation_id: str, sha256: str) -> bool:
        return bool(await store.held(uow, organisation_id, [sha256]))

    async def held(
        self, uow: UnitOfWork, organisation_id: str, sha256s: Collection[str]
    ) -> dict[str, Artifact]:
        rows = await store.held(uow, organisation_id, sha256s)
        return {row.sha256: row.to_artifact() for row in rows}

    async def keep_made(
        self, uow: UnitOfWork, path: Path, *, organisation_id: str, media_type: str
    ) -> Artifact:
        content = await asyncio.to_thread(path.read_bytes)
        sha256 = hashlib.sha256(content).hexdigest()
        name = blob_name(sha256)
        if await self._blobs.size(name) != len(content):
            await self._blobs.put_file(name, path)
        async with uow.as_system():
            await store.record(
                uow,
                sha256=sha256,
                size_bytes=len(content),
                cid=cid_of(content),
                filename=path.name,
                media_type=media_type,
            )
            await store.note_scan(
                uow,
                sha256,
                state="clean",
                format_name=media_type.rpartition("/")[2],
                media_type=media_type,
                reasons=[],
                facts={},
            )
            await store.add_holder(uow, sha256, organisation_id=organisation_id)
        return await self.get(uow, sha256)

    async def keep_sent(
        self, uow: UnitOfWork, sent: SentContent, *, organisation_id: str, filename: str = ""
    ) -> Artifact:
        new = bool(sent.mib_digests) and await store.record(
            uow,
            sha256=sent.sha256,
            size_bytes=sent.size_bytes,
            cid=cid_of_chunks(sent.mib_digests, sent.size_bytes),
            filename=filename,
            media_type=MEDIA_TYPE_UNKNOWN,
        )
        await store.add_holder(uow, sent.sha256, organisation_id=organisation_id)
        if new:
            uow.publish(
                ArtifactStored(
                    sha256=sent.sha256,
                    size_bytes=sent.size_bytes,
                    filename=filename,
                    organisation_id=organisation_id,
                )
            )
        return await self.get(uow, sent.sha256)

    async def holders(self, uow: UnitOfWork, sha256: str) -> list[str]:
        return await store.holders(uow, sha256)

    async def clean_after(
        self, uow: UnitOfWork, sha256: str = "", *, min_bytes: int, limit: int = 500
    ) -> list[Artifact]:
        rows = await store.clean_after(uow, sha256, min_bytes=min_bytes, limit=limit)
        return [row.to_artifact() for row in rows]

    async def make_public(self, uow: UnitOfWork, sha256s: Collection[str]) -> None:
        await store.make_public(uow, sha256s)

    async def quarantine(
        self, uow: UnitOfWork, actor: Actor, *, cursor: str | None, limit: int
    ) -> Page[Artifact]:
        """What the scan kept back, for those who moderate."""
        actor.require("marketplace:moderate")
        after = decode_cursor(cursor, size=1)
        rows = await store.quarantined(uow, after=str(after[0]) if after else "", limit=limit + 1)
        page = page_of(rows, limit=limit, key=lambda row: [row.sha256])
        return page.map(store.ArtifactRow.to_artifact)

    async def release(self, uow: UnitOfWork, actor: Actor, sha256: str, *, reason: str) -> Artifact:
        """Lets a quarantined artifact through; who and why is announced, and kept on its row.

        Raises:
            NotFound: `artifact_unknown`. Conflict: `not_quarantined`.
        """
        user_id = actor.require("marketplace:moderate")
        before = await self.get(uow, sha256)
        if not await store.release(uow, sha256, user_id=user_id, reason=reason):
            raise Conflict("not_quarantined", f"This artifact is {before.scan.state}.")
        uow.publish(
            ArtifactReleased(
                sha256=sha256, user_id=user_id, reason=reason, reasons_before=before.scan.reasons
            )
        )
        return await self.get(uow, sha256)
