"""One file of a revision: may the caller have it, what is it called, where are its bytes."""

from collections.abc import AsyncIterator

import msgspec

from souk.delivery.downloads.api import Downloads, WantedFile
from souk.delivery.hub.desk import At, Desk, Seen
from souk.delivery.hub.entries import Entries, FileNames
from souk.delivery.hub.errors import EntryUnknown, FileQuarantined
from souk.delivery.hub.rights import FileRights, Pass
from souk.delivery.hub.trees import TreeShelf
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.works.artifacts.api import Artifacts
from souk.works.revisions.api import TreeFile


class FoundFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that the caller may have."""

    seen: Seen
    at: At
    file: TreeFile
    names: FileNames
    media_type: str
    admitted: Pass

    @property
    def etag(self) -> str:
        return f'"{self.names.etag(self.file)}"'


class FileServing:
    """Finds files for callers."""

    def __init__(
        self,
        desk: Desk,
        rights: FileRights,
        *,
        trees: TreeShelf,
        entries: Entries,
        artifacts: Artifacts,
        downloads: Downloads,
    ) -> None:
        self._desk = desk
        self._rights = rights
        self._trees = trees
        self._entries = entries
        self._artifacts = artifacts
        self._downloads = downloads

    async def find(
        self, uow: UnitOfWork, actor: Actor, seen: Seen, *, revision: str, path: str
    ) -> FoundFile:
        """The file at a path of a revision.

        Raises:
            NotFound: `revision_not_found`, `entry_not_found`.
            Forbidden: `repository_gated`, `repository_disabled`, `file_quarantined`.
        """
        at = await self._desk.at(uow, seen, revision)
        admitted = await self._rights.admit(uow, actor, seen)
        file = (await self._trees.get(uow, at.revision_id)).get(path)
        if file is None:
            raise EntryUnknown(path, commit=at.oid)
        artifact = await self._artifacts.get(uow, file.sha256)
        if artifact.scan.state == "quarantined":
            raise FileQuarantined(path, artifact.scan.reasons)
        names = await self._entries.names(uow, [file])
        return FoundFile(
            seen=seen,
            at=at,
            file=file,
            names=names[path],
            media_type=artifact.media_type,
            admitted=admitted,
        )

    async def elsewhere(self, uow: UnitOfWork, found: FoundFile) -> str | None:
        """The signed address of a licensed file; None when its bytes are given here."""
        licence_id, version_id = found.admitted.licence_id, found.at.version_id
        if licence_id is None or version_id is None:
            return None
        wanted = WantedFile(
            version_id=version_id,
            path=found.file.path,
            sha256=found.file.sha256,
            size_bytes=found.file.size_bytes,
            media_type=found.media_type,
        )
        return await self._downloads.address(uow, licence_id, wanted)

    def read(self, found: FoundFile, *, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes themselves."""
        return self._artifacts.open(found.file.sha256, start=start, end=end)
