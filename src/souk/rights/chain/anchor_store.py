"""SQL of anchors: heads of the provenance log on a chain."""

from datetime import datetime
from typing import Final

import msgspec

from souk.infra.postgres.uow import UnitOfWork


class AnchorRow(msgspec.Struct, frozen=True, kw_only=True):
    """A head on a chain, or on its way there."""

    chain: str
    chain_id: int
    contract: str
    account: str
    tree_size: int
    root: bytes
    transaction_hash: str | None
    block_number: int | None
    block_time: datetime | None
    final_at: datetime | None


class HeadRow(msgspec.Struct, frozen=True, kw_only=True):
    """A signed head of the log."""

    tree_size: int
    root: bytes


_SELECT: Final = """
    SELECT n.name AS chain, n.chain_id, a.contract, a.account, a.tree_size, a.root,
        t.hash AS transaction_hash, t.block_number, t.block_time, t.final_at
    FROM chain.anchors a
    JOIN chain.networks n ON n.key = a.network
    JOIN chain.transactions t ON t.id = a.transaction_id
"""
_NOT_FAILED: Final = "t.state <> 'failed'"


async def add(
    uow: UnitOfWork,
    *,
    network: str,
    head: HeadRow,
    contract: str,
    account: str,
    transaction_id: str,
) -> None:
    """Notes that a head is being anchored."""
    await uow.execute(
        """
        INSERT INTO chain.anchors (network, tree_size, root, contract, account, transaction_id)
        VALUES (%(network)s, %(tree_size)s, %(root)s, %(contract)s, %(account)s, %(id)s)
        """,
        network=network,
        tree_size=head.tree_size,
        root=head.root,
        contract=contract,
        account=account,
        id=transaction_id,
    )


async def newest_head(uow: UnitOfWork) -> HeadRow | None:
    """The log's newest signed head."""
    return await uow.one_or_none(
        HeadRow,
        "SELECT tree_size, root FROM provenance.heads ORDER BY tree_size DESC LIMIT 1",
    )


async def largest(uow: UnitOfWork, network: str) -> tuple[int, bool]:
    """The largest size that is anchored or will be, and whether one is in no block yet."""
    rows = await uow.dicts(
        """
        SELECT max(a.tree_size) AS size, coalesce(bool_or(t.state IN ('queued', 'sent')), false)
            AS waits
        FROM (
            SELECT tree_size, transaction_id FROM chain.anchors WHERE network = %(network)s
            ORDER BY tree_size DESC LIMIT 8
        ) AS a JOIN chain.transactions t ON t.id = a.transaction_id
        """,
        network=network,
    )
    return int(rows[0]["size"] or 0), bool(rows[0]["waits"])


async def page(uow: UnitOfWork, *, below: int | None, limit: int) -> list[AnchorRow]:
    """Anchors of smaller sizes than this, newest first."""
    return await uow.all(
        AnchorRow,
        f"""
        {_SELECT} WHERE {_NOT_FAILED} AND a.tree_size < coalesce(%(below)s, 9223372036854775807)
        ORDER BY a.tree_size DESC, n.first_seen_at DESC LIMIT %(limit)s
        """,
        below=below,
        limit=limit,
    )


async def of_size(uow: UnitOfWork, tree_size: int) -> list[AnchorRow]:
    """The anchors of the head of this size, by chain."""
    return await uow.all(
        AnchorRow,
        f"{_SELECT} WHERE {_NOT_FAILED} AND a.tree_size = %(size)s ORDER BY n.first_seen_at DESC",
        size=tree_size,
    )


async def final_of(
    uow: UnitOfWork, network: str, *, below: int | None, limit: int
) -> list[AnchorRow]:
    """The final anchors on one chain, of smaller sizes than this, newest first."""
    return await uow.all(
        AnchorRow,
        f"""
        {_SELECT} WHERE a.network = %(network)s AND t.state = 'final'
            AND a.tree_size < coalesce(%(below)s, 9223372036854775807)
        ORDER BY a.tree_size DESC LIMIT %(limit)s
        """,
        network=network,
        below=below,
        limit=limit,
    )


async def newest_final(uow: UnitOfWork) -> AnchorRow | None:
    """The final anchor of the largest head."""
    return await uow.one_or_none(
        AnchorRow,
        f"""
        {_SELECT} WHERE {_NOT_FAILED} AND t.final_at IS NOT NULL
        ORDER BY a.tree_size DESC, t.final_at DESC LIMIT 1
        """,
    )


async def covering(uow: UnitOfWork, leaf_index: int) -> AnchorRow | None:
    """The first final anchor whose head has this leaf."""
    return await uow.one_or_none(
        AnchorRow,
        f"""
        {_SELECT} WHERE {_NOT_FAILED} AND a.tree_size > %(leaf)s AND t.final_at IS NOT NULL
        ORDER BY a.tree_size, t.final_at LIMIT 1
        """,
        leaf=leaf_index,
    )
