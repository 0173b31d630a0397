"""Taking a CAR file in: each of its files becomes an artifact, by the rules of uploads.

What is served later under the CAR file's own CIDs is put together from those artifacts, so that
nothing is stored twice. A tree counts as brought in only when the file holds all of its blocks:
naming the CID of somebody else's content opens none of it.
"""

import asyncio
import shutil
import time
import uuid
from collections.abc import AsyncIterable
from pathlib import Path
from typing import Final

from souk.delivery.ipfs import store
from souk.delivery.ipfs.errors import CarRefused
from souk.delivery.ipfs.settings import IpfsSettings
from souk.delivery.ipfs.spool import Spool
from souk.delivery.ipfs.store import NewTree, TreeRow
from souk.delivery.ipfs.unpacking import Contents, Unpacked, Unpacker
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import Scope
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.ids import new_id
from souk.works.artifacts.api import FileIntake, StagedFile
from souk_client.contracts.ipfs import ImportedCar, ImportedFile
from souk_client.proofs import ProofError
from souk_client.proofs.ipfs import Cid

AT_ONCE: Final = 2
"""How many CAR files a process takes apart side by side; others that have arrived wait."""
ROWS_TOGETHER: Final = 2000
FORGOTTEN_S: Final = 24 * 3600
"""How long after its time an import's folder is taken for left behind."""


class CarImporter:
    """Makes artifacts of CAR files."""

    def __init__(
        self, database: Database, *, intake: FileIntake, folder: Path, settings: IpfsSettings
    ) -> None:
        self._database = database
        self._intake = intake
        self._folder = folder
        self._settings = settings
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def take_in(
        self,
        stream: AsyncIterable[bytes],
        *,
        scope: Scope,
        organisation_id: str,
        filename: str | None = None,
        expected: Cid | None = None,
    ) -> ImportedCar:
        """Takes a CAR file with one root; the organisation holds its files when this returns.

        Args:
            scope: of whoever asks; it may write the organisation's rows.
            filename: what a single file is called; its CID when None.
            expected: the root that the file must have.

        Raises:
            Invalid: `car_invalid`. TooLarge: `car_too_large`. Unavailable: `storage_full`.
        """
        folder = self._folder / uuid.uuid4().hex
        await asyncio.to_thread(folder.mkdir, parents=True)
        try:
            root, contents = await self._unpacked(stream, folder, expected)
            staged = {
                file.sha256: _staged(file, path or filename or str(root))
                for path, file in contents.files
            }
            await self._intake.put_away(list(staged.values()))
            async with self._database.transaction(scope) as uow:
                await self._intake.record(
                    uow, list(staged.values()), organisation_id=organisation_id
                )
                tree_id = await self._keep(uow, root, contents, organisation_id)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return ImportedCar(
            id=tree_id,
            cid=str(root),
            files=[
                ImportedFile(
                    path=path or filename or str(root),
                    sha256=file.sha256,
                    size_bytes=file.size_bytes,
                    cid=file.cid,
                )
                for path, file in sorted(contents.files, key=lambda one: one[0])
            ],
            size_bytes=sum(file.size_bytes for _, file in contents.files),
        )

    async def sweep(self) -> int:
        """Removes what imports that died left behind; answers how many that were."""
        return await asyncio.to_thread(self._sweep)

    def _sweep(self) -> int:
        if not self._folder.is_dir():
            return 0
        before = time.time() - self._settings.import_timeout_s - FORGOTTEN_S
        old = [path for path in self._folder.iterdir() if path.stat().st_mtime < before]
        for path in old:
            shutil.rmtree(path, ignore_errors=True)
        return len(old)

    async def _unpacked(
        self, stream: AsyncIterable[bytes], folder: Path, expected: Cid | None
    ) -> tuple[Cid, Contents]:
        spool = Spool(folder, self._settings)
        try:
            try:
                async with asyncio.timeout(self._settings.import_timeout_s):
                    await spool.fill(stream)
            except TimeoutError:
                raise CarRefused("The CAR file took too long to arrive.") from None
            if len(spool.roots) != 1:
                raise CarRefused(f"The CAR file names {len(spool.roots)} roots; it must name one.")
            (root,) = spool.roots
            if expected is not None and root.digest != expected.digest:
                raise CarRefused(f"The CAR file has the root {root}, not {expected}.")
            try:
                async with self._turns:
                    unpacker = Unpacker(spool, folder, self._settings)
                    contents = await asyncio.to_thread(unpacker.unpack, root)
            except ProofError as error:
                raise CarRefused(str(error)) from None
        finally:
            spool.close()
        return root, contents

    async def _keep(
        self, uow: UnitOfWork, root: Cid, contents: Contents, organisation_id: str
    ) -> str:
        tree = NewTree(
            row=TreeRow(
                id=new_id("car", uow.now),
                kind="import",
                organisation_id=organisation_id,
                listing_id=None,
                root=root.binary,
                size_bytes=sum(file.size_bytes for _, file in contents.files),
            ),
            directories=contents.directories,
            sha256s=[file.sha256 for _, file in contents.files],
        )
        rows = [row for _, file in contents.files for row in file.blocks]
        async with uow.as_system():
            for at in range(0, len(rows), ROWS_TOGETHER):
                await store.add_blocks(uow, rows[at : at + ROWS_TOGETHER])
            await store.add_trees(uow, [tree])
        return tree.row.id


def _staged(file: Unpacked, path: str) -> StagedFile:
    return StagedFile(
        path=file.path,
        name=path.rpartition("/")[2],
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        cid=file.cid,
    )
