"""SQL of what was read from the chains."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from souk.infra.postgres.uow import UnitOfWork, json_value
from souk.rights.chain_index.api import Fact
from souk.rights.chain_index.model import Found

_LOCK_SPACE: Final = 731_035
"""The advisory locks by which one indexer at a time reads a chain."""
_STRETCH: Final = 2_000
"""Facts that are written in one statement."""


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """How far a chain was read."""

    started_block: int
    indexed_block: int
    indexed_hash: str

    @property
    def next(self) -> int:
        return self.indexed_block + 1


class FactRow(msgspec.Struct, frozen=True, kw_only=True):
    """A fact with its network's name."""

    id: str
    kind: str
    stage: str
    chain: str
    chain_id: int
    network: str
    contract: str
    block_number: int
    block_hash: str
    block_time: datetime
    transaction_hash: str
    log_index: int
    arguments: dict[str, Any]  # the fields of the event of this kind


_COLUMNS: Final = (
    "f.id, f.kind, f.stage, n.name AS chain, n.chain_id, f.network, f.contract, f.block_number, "
    "f.block_hash, f.block_time, f.transaction_hash, f.log_index, f.arguments"
)
_SELECT: Final = f"""
    SELECT {_COLUMNS} FROM chain_index.facts f JOIN chain.networks n ON n.key = f.network
"""


def fact_of(row: FactRow) -> Fact:
    """The fact as others see it."""
    return msgspec.convert(msgspec.structs.asdict(row), Fact)


async def take_turn(uow: UnitOfWork, chain_id: int) -> bool:
    """Whether this transaction is the one that writes what is read of the chain, until it ends."""
    return bool(
        await uow.value(
            "SELECT pg_try_advisory_xact_lock(%(space)s, %(chain)s)",
            space=_LOCK_SPACE,
            chain=chain_id % 2**31,
        )
    )


async def cursor(uow: UnitOfWork, network: str) -> Cursor | None:
    """How far this chain was read; None when it was not yet."""
    return await uow.one_or_none(
        Cursor,
        """
        SELECT started_block, indexed_block, indexed_hash FROM chain_index.cursors
        WHERE network = %(network)s
        """,
        network=network,
    )


async def begin(uow: UnitOfWork, network: str, *, at: int) -> None:
    """Begins to read a chain at a block."""
    await uow.execute(
        """
        INSERT INTO chain_index.cursors
            (network, started_block, indexed_block, indexed_hash, read_at)
        VALUES (%(network)s, %(at)s, %(at)s - 1, '', %(now)s) ON CONFLICT DO NOTHING
        """,
        network=network,
        at=at,
        now=uow.now,
    )


async def advance(
    uow: UnitOfWork, network: str, *, block: int, hash_: str, blocks: Mapping[int, str], keep: int
) -> None:
    """Notes that the chain was read up to a block; forgets blocks deeper than `keep`."""
    await uow.execute(
        """
        UPDATE chain_index.cursors
        SET indexed_block = %(block)s, indexed_hash = %(hash)s, read_at = %(now)s
        WHERE network = %(network)s
        """,
        network=network,
        block=block,
        hash=hash_,
        now=uow.now,
    )
    await uow.execute(
        """
        INSERT INTO chain_index.blocks (network, number, hash)
        SELECT %(network)s, number, hash
        FROM unnest(%(numbers)s::bigint[], %(hashes)s::text[]) AS b(number, hash)
        ON CONFLICT (network, number) DO UPDATE SET hash = excluded.hash
        """,
        network=network,
        numbers=list(blocks),
        hashes=list(blocks.values()),
    )
    await uow.execute(
        "DELETE FROM chain_index.blocks WHERE network = %(network)s AND number < %(least)s",
        network=network,
        least=block - keep,
    )


async def go_back(uow: UnitOfWork, network: str, *, block: int, hash_: str) -> None:
    """Forgets blocks above one: the chain has taken them back."""
    await uow.execute(
        "DELETE FROM chain_index.blocks WHERE network = %(network)s AND number > %(block)s",
        network=network,
        block=block,
    )
    await uow.execute(
        """
        UPDATE chain_index.cursors
        SET indexed_block = %(block)s, indexed_hash = %(hash)s, read_at = %(now)s
        WHERE network = %(network)s
        """,
        network=network,
        block=block,
        hash=hash_,
        now=uow.now,
    )


async def known_blocks(uow: UnitOfWork, network: str) -> dict[int, str]:
    """Hashes by number: the blocks that were read last, and all that hold facts; newest first."""
    rows = await uow.dicts(
        """
        SELECT number, hash FROM chain_index.blocks WHERE network = %(network)s
        UNION
        SELECT block_number, block_hash FROM chain_index.facts
        WHERE network = %(network)s AND stage <> 'undone'
        ORDER BY 1 DESC LIMIT 20000
        """,
        network=network,
    )
    return {int(row["number"]): str(row["hash"]) for row in rows}


async def add(
    uow: UnitOfWork,
    network: str,
    rows: Sequence[tuple[str, str, Found, datetime]],
) -> dict[tuple[str, int], str]:
    """Writes facts; those that are there, undone, stand again.

    Args:
        rows: id, stage, what was found, the block's time.

    Returns:
        The ids of those that are new or stand again, by block hash and log index.
    """
    written: dict[tuple[str, int], str] = {}
    for start in range(0, len(rows), _STRETCH):
        part = rows[start : start + _STRETCH]
        found = await uow.dicts(
            """
            INSERT INTO chain_index.facts AS fact
                (id, network, kind, key, stage, contract, block_number, block_hash, block_time,
                 transaction_hash, log_index, arguments, seen_at, final_at)
            SELECT id, %(network)s, kind, key, stage, contract, block_number, block_hash,
                block_time, transaction_hash, log_index, arguments, %(now)s,
                CASE WHEN stage = 'final' THEN %(now)s END
            FROM jsonb_to_recordset(%(rows)s) AS n(
                id text, kind text, key text, stage text, contract text, block_number bigint,
                block_hash text, block_time timestamptz, transaction_hash text, log_index bigint,
                arguments jsonb
            )
            ON CONFLICT (network, block_hash, log_index) DO UPDATE
            SET stage = excluded.stage, final_at = excluded.final_at, undone_at = NULL
            WHERE fact.stage = 'undone'
            RETURNING id, block_hash, log_index
            """,
            network=network,
            now=uow.now,
            # One document: arrays of documents are escaped member by member, which takes longer
            # than all the rest.
            rows=json_value([_as_row(*row) for row in part]),
        )
        written |= {
            (str(row["block_hash"]), int(row["log_index"])): str(row["id"]) for row in found
        }
    return written


def _as_row(fact_id: str, stage: str, one: Found, time: datetime) -> dict[str, object]:
    said = msgspec.structs.asdict(one)
    return {**said, "id": fact_id, "stage": stage, "block_time": time.isoformat()}


async def unsettled(
    uow: UnitOfWork, network: str, *, up_to: int, limit: int
) -> list[tuple[int, str]]:
    """Blocks up to a height whose facts are only seen yet, oldest first."""
    rows = await uow.dicts(
        """
        SELECT DISTINCT block_number, block_hash FROM chain_index.facts
        WHERE network = %(network)s AND stage = 'seen' AND block_number <= %(up_to)s
        ORDER BY block_number LIMIT %(limit)s
        """,
        network=network,
        up_to=up_to,
        limit=limit,
    )
    return [(int(row["block_number"]), str(row["block_hash"])) for row in rows]


async def settle(uow: UnitOfWork, network: str, hashes: Sequence[str]) -> list[Fact]:
    """Makes the facts of these blocks final; answers them in order."""
    rows = await uow.all(
        FactRow,
        f"""
        WITH f AS (
            UPDATE chain_index.facts SET stage = 'final', final_at = %(now)s
            WHERE network = %(network)s AND stage = 'seen' AND block_hash = ANY(%(hashes)s)
            RETURNING *
        )
        SELECT {_COLUMNS} FROM f JOIN chain.networks n ON n.key = f.network
        ORDER BY f.block_number, f.log_index
        """,
        network=network,
        hashes=list(hashes),
        now=uow.now,
    )
    return [fact_of(row) for row in rows]


async def undo(uow: UnitOfWork, network: str, *, above: int) -> list[Fact]:
    """Takes back the facts above a block; answers them as undone, the newest first."""
    rows = await uow.all(
        FactRow,
        f"""
        WITH f AS (
            UPDATE chain_index.facts SET stage = 'undone', undone_at = %(now)s
            WHERE network = %(network)s AND stage <> 'undone' AND block_number > %(above)s
            RETURNING *
        )
        SELECT {_COLUMNS} FROM f JOIN chain.networks n ON n.key = f.network
        ORDER BY f.block_number DESC, f.log_index DESC
        """,
        network=network,
        above=above,
        now=uow.now,
    )
    return [fact_of(row) for row in rows]


async def get(uow: UnitOfWork, fact_id: str, *, hold: bool) -> Fact | None:
    """A fact; when held, it keeps its stage until the transaction ends."""
    row = await uow.one_or_none(
        FactRow,
        f"{_SELECT} WHERE f.id = %(id)s {'FOR SHARE OF f' if hold else ''}",
        id=fact_id,
    )
    return None if row is None else fact_of(row)


async def about(uow: UnitOfWork, kind: str, *, network: str, key: str, undone: bool) -> list[Fact]:
    """Facts of a kind about one thing, oldest first."""
    rows = await uow.all(
        FactRow,
        f"""
        {_SELECT}
        WHERE f.network = %(network)s AND f.kind = %(kind)s AND f.key = %(key)s
            AND (%(undone)s OR f.stage <> 'undone')
        ORDER BY f.block_number, f.log_index, f.id
        """,
        network=network,
        kind=kind,
        key=key,
        undone=undone,
    )
    return [fact_of(row) for row in rows]


async def standing(
    uow: UnitOfWork, *, network: str, kinds: Sequence[str], after: str, limit: int
) -> list[Fact]:
    """Facts of some kinds that stand, by id."""
    rows = await uow.all(
        FactRow,
        f"""
        {_SELECT}
        WHERE f.network = %(network)s AND f.kind = ANY(%(kinds)s) AND f.stage <> 'undone'
            AND f.id > %(after)s
        ORDER BY f.id LIMIT %(limit)s
        """,
        network=network,
        kinds=list(kinds),
        after=after,
        limit=limit,
    )
    return [fact_of(row) for row in rows]


async def in_blocks(uow: UnitOfWork, network: str, *, first: int, last: int) -> list[Fact]:
    """Facts of a stretch of blocks that stand."""
    rows = await uow.all(
        FactRow,
        f"""
        {_SELECT}
        WHERE f.network = %(network)s AND f.block_number BETWEEN %(first)s AND %(last)s
            AND f.stage <> 'undone'
        ORDER BY f.block_number, f.log_index
        """,
        network=network,
        first=first,
        last=last,
    )
    return [fact_of(row) for row in rows]


async def remember_token(uow: UnitOfWork, *, token_id: str, licence_id: str) -> None:
    """Notes which licence a token is."""
    await uow.execute(
        """
        INSERT INTO chain_index.tokens (token_id, licence_id)
        VALUES (%(token_id)s, %(licence_id)s) ON CONFLICT DO NOTHING
        """,
        token_id=token_id,
        licence_id=licence_id,
    )


async def licence_of(uow: UnitOfWork, token_id: str) -> str | None:
    """The licence that a token is."""
    found = await uow.value(
        "SELECT licence_id FROM chain_index.tokens WHERE token_id = %(id)s", id=token_id
    )
    return None if found is None else str(found)
