"""The sequencer's SQL: taking what waits, and adding leaves, nodes and a head."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from psycopg import AsyncCursor

from souk.infra.postgres.uow import UnitOfWork
from souk_client.proofs import Node

_LOCK: Final = 731_005
"""The advisory lock that one sequencer holds while it works on a batch."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """An entry without a place."""

    position: int
    entry_id: str
    leaf_hash: bytes


async def take_turn(uow: UnitOfWork) -> bool:
    """Whether this transaction is the sequencer until it ends."""
    return bool(await uow.value("SELECT pg_try_advisory_xact_lock(%(lock)s)", lock=_LOCK))


async def await_turn(uow: UnitOfWork) -> None:
    """Waits until no other sequencer works; this one is it until the transaction ends."""
    await uow.value("SELECT pg_advisory_xact_lock(%(lock)s)", lock=_LOCK)


async def anything_waits(uow: UnitOfWork) -> bool:
    """Whether there is work."""
    return bool(await uow.value("SELECT EXISTS (SELECT 1 FROM provenance.waiting)"))


async def take_waiting(uow: UnitOfWork, *, limit: int) -> list[Waiting]:
    """Removes the entries that have waited longest from the queue, in the order they came."""
    rows = await uow.all(
        Waiting,
        """
        DELETE FROM provenance.waiting WHERE position IN (
            SELECT position FROM provenance.waiting ORDER BY position LIMIT %(limit)s
        ) RETURNING position, entry_id, leaf_hash
        """,
        limit=limit,
    )
    return sorted(rows, key=lambda row: row.position)


async def add_leaves(uow: UnitOfWork, *, first_index: int, rows: Sequence[Waiting]) -> None:
    """Gives entries their places, from `first_index` on."""
    cursor = await _cursor(uow)
    async with cursor.copy(
        "COPY provenance.leaves (leaf_index, entry_id, hash) FROM STDIN (FORMAT BINARY)"
    ) as copy:
        copy.set_types(["int8", "text", "bytea"])
        for leaf_index, row in enumerate(rows, start=first_index):
            await copy.write_row((leaf_index, row.entry_id, row.leaf_hash))


async def add_nodes(uow: UnitOfWork, nodes: Sequence[tuple[Node, bytes]]) -> None:
    """Stores perfect nodes above the leaves."""
    cursor = await _cursor(uow)
    async with cursor.copy(
        "COPY provenance.nodes (level, place, hash) FROM STDIN (FORMAT BINARY)"
    ) as copy:
        copy.set_types(["int2", "int8", "bytea"])
        for node, digest in nodes:
            await copy.write_row((node.level, node.place, digest))


async def add_head(
    uow: UnitOfWork, *, tree_size: int, root: bytes, signed_at: datetime, checkpoint: str
) -> None:
    """Stores a signed head."""
    await uow.execute(
        """
        INSERT INTO provenance.heads (tree_size, root, signed_at, checkpoint)
        VALUES (%(tree_size)s, %(root)s, %(signed_at)s, %(checkpoint)s)
        """,
        tree_size=tree_size,
        root=root,
        signed_at=signed_at,
        checkpoint=checkpoint,
    )


async def fix_origin(uow: UnitOfWork, origin: str) -> str:
    """The log's name: the one fixed before, else this one from now on."""
    await uow.execute(
        "INSERT INTO provenance.log (origin) VALUES (%(origin)s) ON CONFLICT DO NOTHING",
        origin=origin,
    )
    return str(await uow.value("SELECT origin FROM provenance.log"))


async def _cursor(uow: UnitOfWork) -> AsyncCursor:
    return (await uow.connection()).cursor()
