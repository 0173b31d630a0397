"""Files and folders of a tree as clients read them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Literal

import msgspec

from souk.delivery.hub import store
from souk.delivery.hub.model import folder_id, git_blob_id, is_large, lfs_pointer
from souk.delivery.hub.settings import HubSettings
from souk.delivery.hub.wire import (
    Entry,
    LfsOfEntry,
    LfsOfSibling,
    SecurityStatus,
    Sibling,
)
from souk.delivery.xet.api import Xet
from souk.infra.postgres.uow import UnitOfWork
from souk.works.artifacts.api import Artifacts
from souk.works.revisions.api import TreeFile
from souk_client.contracts.works import Scan, ScanState

_STATUS: Final[Mapping[ScanState, Literal["safe", "unsafe", "queued"]]] = {
    "clean": "safe",
    "quarantined": "unsafe",
    "pending": "queued",
}


class FileNames(msgspec.Struct, frozen=True, kw_only=True):
    """What a file's content is called, beside its sha256."""

    blob_id: str
    """Git's name of what git would hold: the content, or a large file's pointer."""
    large: bool
    xet_hash: str | None

    def etag(self, file: TreeFile) -> str:
        """What a client keeps the content under."""
        return file.sha256 if self.large else self.blob_id


class Entries:
    """Describes files."""

    def __init__(self, artifacts: Artifacts, xet: Xet, *, settings: HubSettings) -> None:
        self._artifacts = artifacts
        self._xet = xet
        self._limit = settings.max_inline_bytes

    async def names(self, uow: UnitOfWork, files: Collection[TreeFile]) -> Mapping[str, FileNames]:
        """The names of files, by path.

        A small file whose git id is not known (it was not sent inside a commit) passes for a large
        one: its sha256 is known, and clients check that as well.
        """
        hashes = {file.sha256 for file in files}
        ids = await store.blob_ids(uow, hashes)
        xet_hashes = await self._xet.file_hashes(uow, hashes)
        return {file.path: self._names(file, ids, xet_hashes) for file in files}

    def _names(
        self, file: TreeFile, ids: Mapping[str, str], xet_hashes: Mapping[str, str]
    ) -> FileNames:
        known = ids.get(file.sha256)
        large = known is None or is_large(file.path, file.size_bytes, limit=self._limit)
        if large or known is None:
            known = git_blob_id(lfs_pointer(file.sha256, file.size_bytes))
        return FileNames(
            blob_id=known, large=large, xet_hash=xet_hashes.get(file.sha256) if large else None
        )

    async def entries(self, uow: UnitOfWork, files: Sequence[TreeFile]) -> list[Entry]:
        """Files as entries of a tree."""
        names = await self.names(uow, files)
        return [_entry(file, names[file.path]) for file in files]

    async def siblings(
        self, uow: UnitOfWork, files: Sequence[TreeFile], *, blobs: bool
    ) -> list[Sibling]:
        """Files in a repository's description.

        Args:
            blobs: with sizes and names of their content.
        """
        if not blobs:
            return [Sibling(rfilename=file.path) for file in files]
        names = await self.names(uow, files)
        return [_sibling(file, names[file.path]) for file in files]

    async def security(
        self, uow: UnitOfWork, files: Sequence[TreeFile]
    ) -> Mapping[str, SecurityStatus]:
        """What the safety scan found, by sha256."""
        found = await self._artifacts.get_many(uow, {file.sha256 for file in files})
        return {sha256: _security(artifact.scan) for sha256, artifact in found.items()}


def folder_entry(path: str, files: Sequence[TreeFile]) -> Entry:
    """A folder with these files below it."""
    return Entry(type="directory", oid=folder_id(files), size=0, path=path)


def _entry(file: TreeFile, names: FileNames) -> Entry:
    lfs = None
    if names.large:
        pointer = lfs_pointer(file.sha256, file.size_bytes)
        lfs = LfsOfEntry(oid=file.sha256, size=file.size_bytes, pointer_size=len(pointer))
    return Entry(
        type="file",
        oid=names.blob_id,
        size=file.size_bytes,
        path=file.path,
        lfs=lfs,
        xet_hash=names.xet_hash,
    )


def _sibling(file: TreeFile, names: FileNames) -> Sibling:
    lfs = None
    if names.large:
        pointer = lfs_pointer(file.sha256, file.size_bytes)
        lfs = LfsOfSibling(sha256=file.sha256, size=file.size_bytes, pointer_size=len(pointer))
    return Sibling(rfilename=file.path, size=file.size_bytes, blob_id=names.blob_id, lfs=lfs)


def _security(scan: Scan) -> SecurityStatus:
    status = _STATUS[scan.state]
    found: dict[str, str] = {"status": status}
    if scan.reasons:
        found["message"] = ", ".join(scan.reasons)[:1000]
    return SecurityStatus(status=status, av_scan=found, pickle_import_scan=found)
