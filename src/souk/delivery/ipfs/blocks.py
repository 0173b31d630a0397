"""Reading blocks: found by digest, put together from artifacts, checked before they leave."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from contextlib import aclosing
from typing import Final

from souk.delivery.ipfs import store
from souk.delivery.ipfs.errors import BlockDamaged, ContentGone, GatewayQuestion
from souk.delivery.ipfs.pieces import cut
from souk.delivery.ipfs.store import BlockRow
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.errors import NotFound
from souk.works.artifacts.api import Artifacts
from souk_client.proofs.ipfs import DAG_PB, Cid

AT_ONCE: Final = 5000
"""How many blocks are looked up with one query."""
SMALL_BYTES: Final = 2**16
"""Hashing less than this is quicker than another thread."""


class Blocks:
    """The blocks of all trees. Whoever calls has checked that the reader may have them."""

    def __init__(self, database: Database, artifacts: Artifacts) -> None:
        self._database = database
        self._artifacts = artifacts

    async def find(self, digests: Collection[bytes]) -> dict[bytes, BlockRow]:
        """Where these blocks are; those that are not here, or not clean, are left out.

        One that is a node of a tree and bytes of a file as well is given as the node.
        """
        found: dict[bytes, BlockRow] = {}
        wanted = list(dict.fromkeys(digests))
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            for at in range(0, len(wanted), AT_ONCE):
                rows = await store.blocks(uow, wanted[at : at + AT_ONCE])
                names = {row.sha256 for row in rows if row.sha256}
                known = await self._artifacts.get_many(uow, names) if names else {}
                clean = {name for name, one in known.items() if one.scan.state == "clean"}
                for row in sorted(rows, key=lambda row: not row.is_node):
                    if not row.sha256 or row.sha256 in clean:
                        found.setdefault(row.digest, row)
        return found

    async def read(self, cid: Cid) -> bytes:
        """One block.

        Raises:
            Gone: `content_gone`. Damaged: `block_damaged`. Malformed: `gateway_request_invalid`.
        """
        found = await self.find([cid.digest])
        if cid.digest not in found:
            raise ContentGone("its file is kept back")
        check_node(cid, found[cid.digest])
        async with aclosing(self.stream([(cid, found[cid.digest])])) as blocks:
            _, block = await anext(blocks)
        return block

    async def stream(
        self, wanted: Sequence[tuple[Cid, BlockRow]]
    ) -> AsyncGenerator[tuple[Cid, bytes], None]:
        """Blocks in this order; those that lie behind one another in a file are read as one range.

        Raises:
            Damaged: `block_damaged`, before anything of that block is given.
        """
        for run in _runs(wanted):
            async with aclosing(self._bodies(run)) as bodies:
                for cid, row in run:
                    try:
                        body = row.head + await anext(bodies, b"") + row.tail
                    except (NotFound, FileNotFoundError):
                        raise BlockDamaged(str(cid)) from None
                    if await _digest(body) != cid.digest:
                        raise BlockDamaged(str(cid))
                    yield cid, body

    async def _bodies(self, run: Sequence[tuple[Cid, BlockRow]]) -> AsyncGenerator[bytes, None]:
        """What each block has of its file."""
        first, last = run[0][1], run[-1][1]
        if not first.range_bytes:
            yield b""
            return
        content = self._artifacts.open(first.sha256, start=first.start_byte, end=last.end_byte)
        async for piece in cut(content, [row.range_bytes for _, row in run]):
            yield piece


def check_node(cid: Cid, row: BlockRow) -> None:
    """That what a CID calls a node was made as one: the links of a file's bytes lead nowhere.

    Raises:
        Malformed: `gateway_request_invalid`.
    """
    if cid.codec == DAG_PB and not row.is_node:
        raise GatewayQuestion("This CID says dag-pb, but its block is bytes of a file.")


def _runs(wanted: Sequence[tuple[Cid, BlockRow]]) -> Iterator[list[tuple[Cid, BlockRow]]]:
    run: list[tuple[Cid, BlockRow]] = []
    for cid, row in wanted:
        if run and not _follows(run[-1][1], row):
            yield run
            run = []
        run.append((cid, row))
    if run:
        yield run


def _follows(before: BlockRow, row: BlockRow) -> bool:
    return (
        before.sha256 == row.sha256
        and before.end_byte == row.start_byte
        and before.range_bytes > 0
        and row.range_bytes > 0
    )


async def _digest(body: bytes) -> bytes:
    if len(body) < SMALL_BYTES:
        return hashlib.sha256(body).digest()
    return await asyncio.to_thread(_sha256, body)


def _sha256(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
