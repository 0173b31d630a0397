"""Taking in many small files: staged one by one as they arrive, recorded in one transaction.

For files that come inside another request (a commit), where announcing each as an upload would cost
more than its bytes. The rules are those of uploads: durable before recorded, held by whoever sent
them, scanned before anything is public.
"""

import asyncio
import hashlib
import os
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from souk.infra.blobs.durable import make_folder
from souk.infra.blobs.store import BlobStore
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import Unavailable
from souk.works.artifacts import store
from souk.works.artifacts.api import StagedFile
from souk.works.artifacts.cid import cid_of
from souk.works.artifacts.completing import MEDIA_TYPE_UNKNOWN
from souk.works.artifacts.events import ArtifactStored
from souk.works.artifacts.model import blob_name
from souk.works.artifacts.settings import ArtifactSettings
from souk_client.contracts.works import Artifact

FORGOTTEN_S: Final = 24 * 3600
"""How old a staged file must be before a sweep takes it for left behind."""
AT_ONCE: Final = 16
"""How many files are put away side by side."""


class Intake:
    """Implements `artifacts.api.FileIntake`."""

    def __init__(self, blobs: BlobStore, *, folder: Path, settings: ArtifactSettings) -> None:
        self._blobs = blobs
        self._folder = folder
        self._settings = settings

    async def stage(self, content: bytes, *, name: str) -> StagedFile:
        """Keeps a file's bytes until `take_in` or `drop`.

        Raises:
            Unavailable: `storage_full`.
        """
        return await asyncio.to_thread(self._stage, content, name)

    def _stage(self, content: bytes, name: str) -> StagedFile:
        make_folder(self._folder)
        free = os.statvfs(self._folder)
        if free.f_bavail * free.f_frsize < len(content) + self._settings.free_bytes_kept:
            raise Unavailable(
                "storage_full",
                "The marketplace's disk has no room for this file now; try again later.",
            )
        path = self._folder / uuid.uuid4().hex
        path.write_bytes(content)
        return StagedFile(
            path=path,
            name=name,
            sha256=hashlib.sha256(content).hexdigest(),
            size_bytes=len(content),
            cid=cid_of(content),
        )

    async def put_away(self, files: Sequence[StagedFile]) -> None:
        """Makes the bytes durable under their names. Outside of a transaction: it takes a while."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def put(file: StagedFile) -> None:
            async with turns:
                name = blob_name(file.sha256)
                if await self._blobs.size(name) != file.size_bytes:
                    await self._blobs.put_file(name, file.path)

        async with asyncio.TaskGroup() as group:
            for file in {file.sha256: file for file in files}.values():
                group.create_task(put(file))

    async def record(
        self, uow: UnitOfWork, files: Sequence[StagedFile], *, organisation_id: str
    ) -> dict[str, Artifact]:
        """The artifacts of files that were put away, by hash; the organisation holds them now."""
        different = list({file.sha256: file for file in files}.values())
        async with uow.as_system():
            new = await store.record_many(
                uow,
                sha256s=[file.sha256 for file in different],
                sizes=[file.size_bytes for file in different],
                cids=[file.cid for file in different],
                filenames=[file.name for file in different],
                media_type=MEDIA_TYPE_UNKNOWN,
            )
            await store.add_holders(
                uow, [file.sha256 for file in different], organisation_id=organisation_id
            )
            rows = await store.find(uow, [file.sha256 for file in different])
        for file in different:
            if file.sha256 in new:
                uow.publish(
                    ArtifactStored(
                        sha256=file.sha256,
                        size_bytes=file.size_bytes,
                        filename=file.name,
                        organisation_id=organisation_id,
                    )
                )
        return {row.sha256: row.to_artifact() for row in rows}

    async def drop(self, files: Sequence[StagedFile]) -> None:
        """Removes what is still staged of these files."""
        await asyncio.to_thread(_unlink, [file.path for file in files])

    async def sweep(self) -> int:
        """Removes what requests that died left behind; answers how many files that were."""
        return await asyncio.to_thread(self._sweep)

    def _sweep(self) -> int:
        if not self._folder.is_dir():
            return 0
        before = time.time() - FORGOTTEN_S
        old = [path for path in self._folder.iterdir() if path.stat().st_mtime < before]
        _unlink(old)
        return len(old)


def _unlink(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
