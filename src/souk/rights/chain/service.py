"""Anchors as the routes and the provenance log read them: from the database, without the chain."""

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import Invalid
from souk.kernel.paging import Page, decode_cursor, page_of
from souk.rights.chain import anchor_store
from souk.rights.chain.anchor_store import AnchorRow
from souk.rights.chain.errors import AnchorUnknown
from souk_client.contracts.rights import Anchor


class AnchorBook:
    """Implements `souk.rights.provenance.api.Anchors`."""

    async def covering(self, uow: UnitOfWork, leaf_index: int) -> Anchor | None:
        """The first final anchor whose head has this leaf; None while there is none."""
        row = await anchor_store.covering(uow, leaf_index)
        return None if row is None else _anchor(row)

    async def newest(self, uow: UnitOfWork) -> Anchor | None:
        """The final anchor of the largest head; None while there is none."""
        row = await anchor_store.newest_final(uow)
        return None if row is None else _anchor(row)

    async def page(self, uow: UnitOfWork, *, cursor: str | None, limit: int) -> Page[Anchor]:
        """Anchored heads, newest first."""
        key = decode_cursor(cursor, size=1)
        below = None if key is None else key[0]
        if below is not None and not (isinstance(below, int) and 0 <= below < 2**63):
            raise Invalid("cursor_invalid", "This cursor belongs to another list.")
        rows = await anchor_store.page(uow, below=below, limit=limit + 1)
        return page_of(rows, limit=limit, key=lambda row: [row.tree_size]).map(_anchor)

    async def of_size(self, uow: UnitOfWork, tree_size: int) -> Anchor:
        """The anchor of the head of this size, on the chain that was begun last.

        Raises:
            NotFound: `anchor_unknown`.
        """
        rows = await anchor_store.of_size(uow, tree_size)
        if not rows:
            raise AnchorUnknown(tree_size)
        return _anchor(rows[0])


def _anchor(row: AnchorRow) -> Anchor:
    return Anchor(
        chain=row.chain,
        chain_id=row.chain_id,
        contract=row.contract,
        account=row.account,
        tree_size=row.tree_size,
        root_hash=row.root.hex(),
        transaction_hash=row.transaction_hash,
        block_number=row.block_number,
        block_time=row.block_time,
        final_at=row.final_at,
    )
