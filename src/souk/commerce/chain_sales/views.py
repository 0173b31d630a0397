"""Sales as the wire shows them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from souk.commerce.chain_sales import vouchers
from souk.commerce.chain_sales.model import is_refundable
from souk.commerce.chain_sales.store import SaleRow, StepRow
from souk.rights.chain_index.api import Chains, SaleChain
from souk_client.contracts.chain_sales import ChainSale, ChainSaleState, ChainSaleStep


def state_of(row: SaleRow, *, now: datetime) -> ChainSaleState:
    """The state at a moment: an offer that was not paid expires by itself."""
    if row.state == "pending" and now > row.deadline:
        return "expired"
    return cast(ChainSaleState, row.state)  # the database admits no other


def sale_of(
    row: SaleRow,
    steps: Sequence[StepRow],
    *,
    now: datetime,
    chains: Chains,
    chain: SaleChain | None,
    explorers: Mapping[str, str],
) -> ChainSale:
    """A sale with what its buyer can do now.

    Args:
        chain: where it is paid; None while nothing is sold there.
        explorers: address of a transaction by chain, with `{hash}`.
    """
    state = state_of(row, now=now)
    refundable = is_refundable(
        state=row.state, now=now, refund_until=row.refund_until, released=row.released
    )
    explorer = explorers.get(row.chain)
    shown = row.transaction_hash or row.hinted_hash
    return ChainSale(
        id=row.id,
        state=state,
        chain=row.chain,
        chain_id=row.chain_id,
        listing_id=row.listing_id,
        listing_title=row.listing_title,
        offer_id=row.offer_id,
        buyer_organisation_id=row.buyer_organisation_id,
        wallet=row.wallet,
        currency=row.currency,
        price_minor=row.price_minor,
        price_units=str(int(row.price_units)),
        token=row.token,
        quoted_minor=row.quoted_minor,
        quoted_currency=row.quoted_currency,
        rate=row.rate,
        rate_as_of=row.rate_as_of,
        rate_source=row.rate_source,
        market=row.market,
        nonce=row.nonce,
        offer={} if chain is None else vouchers.typed_offer(chains, chain, row),
        signature="0x" + bytes(row.signature).hex(),
        deadline=row.deadline,
        refund_window_s=row.refund_window_s,
        refund_until=row.refund_until,
        order_id=row.order_id,
        licence_id=row.licence_id,
        transaction_hash=row.transaction_hash,
        transaction_url=explorer.format(hash=shown) if explorer and shown else None,
        block_number=row.block_number,
        hinted_hash=row.hinted_hash,
        problem=row.problem or (row.hint_problem if row.state == "pending" else ""),
        pay=vouchers.paying(chains, row) if state == "pending" else None,
        refund=vouchers.refunding(chains, row) if refundable else None,
        steps=[_step(step) for step in steps],
        created_at=row.created_at,
    )


def _step(row: StepRow) -> ChainSaleStep:
    return ChainSaleStep(
        state=row.state,
        said=row.said,
        order_id=row.order_id,
        transaction_hash=row.transaction_hash,
        block_number=row.block_number,
        happened_at=row.happened_at,
    )
