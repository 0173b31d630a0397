"""Making the trees of published versions: once each, in the worker, from what is stored."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

import structlog

from souk.delivery.ipfs import remote_store, store
from souk.delivery.ipfs.blocks import SMALL_BYTES
from souk.delivery.ipfs.pieces import cut
from souk.delivery.ipfs.remote_store import RemoteRow
from souk.delivery.ipfs.store import BlockRow, FileRow, NewTree, TreeRow, WaitingRow
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.errors import SoukError
from souk.works.artifacts.api import Artifact, Artifacts
from souk.works.revisions.api import Revisions, TreeFile
from souk_client.proofs import ProofError
from souk_client.proofs.ipfs import (
    CHUNK_BYTES,
    Entry,
    chunk_lengths,
    directory_dag,
    file_dag,
    read_cid,
)
from souk_client.proofs.ipfs.cids import node_cid

TOGETHER: Final = 20
"""How many versions are taken at once."""
ROWS_TOGETHER: Final = 2000
LEASE: Final = timedelta(minutes=10)
"""After this a version whose worker died is taken by another."""
FIRST_PAUSE: Final = timedelta(seconds=10)
LONGEST_PAUSE: Final = timedelta(hours=1)

log = structlog.get_logger("souk.ipfs")


class ContentDiffers(Exception):
    """What is stored of an artifact is not what its CID says."""


class Indexer:
    """Gives every published version its tree, and every file of it its blocks."""

    def __init__(
        self,
        database: Database,
        artifacts: Artifacts,
        revisions: Revisions,
        *,
        on_made: Callable[[], None] | None,
    ) -> None:
        """`on_made` hears of new trees that shall be pinned elsewhere; None when none shall."""
        self._on_made = on_made
        self._database = database
        self._artifacts = artifacts
        self._revisions = revisions

    async def index_waiting(self) -> list[WaitingRow]:
        """Makes the trees of versions that wait; answers those that were taken, none at the end."""
        async with self._database.transaction(SYSTEM) as uow:
            taken = await store.claim(uow, until=uow.now + LEASE, limit=TOGETHER)
        if not taken:
            return []
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            trees = await self._revisions.trees(uow, {row.revision_id for row in taken})
        files = await self._files({file.sha256 for tree in trees.values() for file in tree})
        done = []
        for row in taken:
            try:
                done.append(_tree_of(row, trees[row.revision_id], files))
            except (KeyError, ProofError) as error:
                log.error("a version has no tree yet", version=row.version_id, error=repr(error))
                await self._put_off(row)
        if done:
            await self._finish(done)
        return taken

    async def _files(self, sha256s: set[str]) -> dict[str, FileRow]:
        """These files, those that are new with their blocks; what cannot be read is left out."""
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            known = await store.files(uow, sha256s)
            artifacts = await self._artifacts.get_many(uow, sha256s - known.keys())
        blocks: list[BlockRow] = []
        files: list[FileRow] = []
        for artifact in artifacts.values():
            try:
                file, rows = await self._look_at(artifact)
            except (ContentDiffers, SoukError, OSError):
                log.exception("an artifact cannot be read", sha256=artifact.sha256)
                continue
            files.append(file)
            blocks += rows
            if len(blocks) >= ROWS_TOGETHER:
                await self._keep(files, blocks)
                known |= {one.sha256: one for one in files}
                files, blocks = [], []
        if files:
            await self._keep(files, blocks)
        return known | {one.sha256: one for one in files}

    async def _finish(self, done: Sequence[NewTree]) -> None:
        async with self._database.transaction(SYSTEM) as uow:
            await store.add_trees(uow, done)
            await store.done(uow, [new.row.id for new in done])
            if self._on_made is not None:
                await remote_store.add(uow, [_wish(new.row) for new in done])
                uow.after_commit(self._on_made)

    async def _keep(self, files: Sequence[FileRow], blocks: Sequence[BlockRow]) -> None:
        async with self._database.transaction(SYSTEM) as uow:
            await store.add_blocks(uow, blocks)
            await store.add_files(uow, files)

    async def _look_at(self, artifact: Artifact) -> tuple[FileRow, list[BlockRow]]:
        """Reads an artifact once.

        Raises:
            ContentDiffers: it is not what its CID says.
        """
        lengths = chunk_lengths(artifact.size_bytes)
        digests = []
        async for chunk in cut(self._artifacts.open(artifact.sha256), lengths):
            digests.append(
                hashlib.sha256(chunk).digest()
                if len(chunk) < SMALL_BYTES
                else await asyncio.to_thread(_sha256, chunk)
            )
        dag = file_dag(digests, artifact.size_bytes)
        if str(dag.root.cid) != artifact.cid:
            raise ContentDiffers(artifact.sha256)
        leaves = {
            digest: BlockRow(
                digest=digest,
                sha256=artifact.sha256,
                start_byte=number * CHUNK_BYTES,
                range_bytes=length,
            )
            for number, (digest, length) in reversed(
                [*enumerate(zip(digests, lengths, strict=True))]
            )
        }
        nodes = [
            BlockRow(digest=node_cid(block).digest, sha256=artifact.sha256, head=block)
            for block in dag.blocks
        ]
        file = FileRow(
            sha256=artifact.sha256, root=dag.root.cid.binary, dag_bytes=dag.root.dag_bytes
        )
        return file, [*leaves.values(), *nodes]

    async def _put_off(self, row: WaitingRow) -> None:
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(row.attempts, 20))
        async with self._database.transaction(SYSTEM) as uow:
            await store.put_off(uow, row.version_id, until=uow.now + pause)


def _tree_of(row: WaitingRow, tree: Sequence[TreeFile], files: dict[str, FileRow]) -> NewTree:
    dag = directory_dag((file.path, _entry(file, files[file.sha256])) for file in tree)
    return NewTree(
        row=TreeRow(
            id=row.version_id,
            kind="version",
            organisation_id=row.organisation_id,
            listing_id=row.listing_id,
            root=dag.root.cid.binary,
            size_bytes=sum(file.size_bytes for file in tree),
        ),
        directories={node_cid(block).digest: block for block in dag.blocks},
        sha256s=[file.sha256 for file in tree],
    )


def _wish(tree: TreeRow) -> RemoteRow:
    assert tree.listing_id is not None  # a version has one
    return RemoteRow(
        version_id=tree.id,
        listing_id=tree.listing_id,
        organisation_id=tree.organisation_id,
        cid=str(read_cid(tree.root, 0)[0]),
    )


def _entry(file: TreeFile, known: FileRow) -> Entry:
    return Entry(read_cid(known.root, 0)[0], dag_bytes=known.dag_bytes, file_bytes=file.size_bytes)


def _sha256(chunk: bytes) -> bytes:
    return hashlib.sha256(chunk).digest()
