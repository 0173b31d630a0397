"""Makes a sale agree with what the chain says of it now, whatever was said before.

Nothing is kept of the order in which facts were told: each look compares the sale with the facts
that stand, so facts that come twice, late or in another order lead to the same.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
import structlog

from souk.commerce.chain_sales import store
from souk.commerce.chain_sales.model import Seen, Wanted, contradictions, direct_minor
from souk.commerce.chain_sales.store import SaleRow
from souk.commerce.orders.api import BoundPurchase, Settling, UndoKind, account_of
from souk.commerce.promotions.api import Promotions
from souk.infra.live.api import Live, organisation
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import Conflict
from souk.kernel.ids import TransferId, new_id
from souk.rights.chain_index.api import ChainFacts, Fact
from souk.treasury.ledger.api import Ledger, Posting, external, owed, wallet
from souk.works.listings.api import Listings, SaleFile

LIVE_KIND: Final = "chain_sale"
_SETTLED: Final = ("confirmed", "final")
_TAKEN_BACK: Final = "The chain took the block with the payment back, and the purchase with it."
_GIVEN_BACK: Final = "The contract gave the money back to the wallet."

log = structlog.get_logger("souk.chain_sales")


def came_in(network: str, currency: str, price_minor: int) -> Posting:
    """Money that a buyer paid on a chain."""
    return Posting(external(f"chain:{network}", currency), -price_minor)


def went_out(network: str, currency: str, amount_minor: int) -> Posting:
    """Money that the contract owes to wallets of its own: it never was in our hands."""
    return Posting(external(f"chain-paid:{network}", currency), amount_minor)


class Settlement:
    """Follows the facts of sales (system scope)."""

    def __init__(
        self,
        *,
        orders: Settling,
        facts: ChainFacts,
        ledger: Ledger,
        listings: Listings,
        promotions: Promotions,
        live: Live,
    ) -> None:
        self._orders = orders
        self._facts = facts
        self._ledger = ledger
        self._listings = listings
        self._promotions = promotions
        self._live = live

    async def follow(self, uow: UnitOfWork, *, network: str, nonce: str) -> None:
        """Makes the sale of this offer agree with the chain; nothing when it does already."""
        row = await store.of_nonce(uow, network=network, nonce=nonce, lock=True)
        if row is None:
            log.error("sold on the chain, and no sale of ours", network=network, nonce=nonce)
            return
        fact = await self._standing(uow, "Sold", row)
        if fact is None:
            if row.state not in ("pending", "undone"):
                await self._take_back(uow, row)
            return
        wrong = contradictions(_seen(fact), _wanted(row))
        if wrong:
            await self._dispute(uow, row, wrong)
        elif await self._standing(uow, "Refunded", row) is not None:
            await self._refunded(uow, row, fact)
        else:
            await self._paid(uow, row, fact)

    # ------------------------------------------------------------------------------ what stands

    async def _paid(self, uow: UnitOfWork, row: SaleRow, fact: Fact) -> None:
        if row.state in ("pending", "undone", "refunded", "disputed"):
            row = await self._settle(uow, row, fact)
        elif row.fact_id != fact.id:
            row = await store.change(uow, row, **_where(fact))
            await self._say(uow, row, f"The payment is in block {fact.block_number} now.")
        if row.state == "confirmed" and fact.stage == "final":
            row = await store.change(uow, row, state="final")
            await self._say(uow, row, "The payment is so deep in the chain that it stays.")
        released = await self._standing(uow, "Released", row) is not None
        if released != row.released:
            row = await store.change(uow, row, released=released)
            await self.tell(uow, row)

    async def _settle(self, uow: UnitOfWork, row: SaleRow, fact: Fact) -> SaleRow:
        """Order, postings, licence and entry, with the state that says so: in one transaction."""
        purchase = await self._purchase(uow, row)
        if await self._orders.owned(uow, purchase) is not None:
            return await self._credit(uow, row, purchase, fact)
        if row.order_id is not None:  # that one was undone, and stays so
            purchase = msgspec.structs.replace(purchase, order_id=new_id("ord", uow.now))
        if not row.holds_reserve and purchase.item.offer.stock is not None:
            await self._take_stock_again(uow, row)
        order = await self._orders.settle(
            uow, purchase, payment="chain", postings=_postings(row, purchase)
        )
        row = await store.change(
            uow,
            row,
            state="final" if fact.stage == "final" else "confirmed",
            order_id=order.id,
            licence_id=order.licence_id,
            holds_reserve=False,
            problem="",
            **_where(fact),
        )
        await self._say(uow, row, f"Paid in block {fact.block_number}: order {order.number}.")
        return row

    async def _credit(
        self, uow: UnitOfWork, row: SaleRow, purchase: BoundPurchase, fact: Fact
    ) -> SaleRow:
        """Paid for what was owned already: the money is the buyer's, in the books.

        Whoever was paid on the chain for it owes that part, as after any reversed sale.
        """
        direct = direct_minor(purchase.shares, row.direct_organisations)
        postings = [came_in(row.network, row.currency, row.price_minor)]
        if direct:
            postings.append(went_out(row.network, row.currency, sum(direct.values())))
        postings += [Posting(owed(who, row.currency), -part) for who, part in direct.items()]
        postings.append(Posting(wallet(row.buyer_organisation_id, row.currency), row.price_minor))
        await self._let_go(uow, row, purchase)
        transfer_id = await self._ledger.post(
            uow,
            kind="chain_credit",
            idempotency_key=f"chain-credit:{row.id}:{fact.id}",
            postings=postings,
            reference=row.id,
            note=f"Paid twice on {row.chain}: {row.listing_title}",
        )
        row = await store.change(
            uow,
            row,
            state="credited",
            credit_transfer_id=transfer_id,
            holds_reserve=False,
            problem="You own this already, so what you paid is in your wallet here.",
            **_where(fact),
        )
        await self._say(uow, row, "Paid for what was owned already; the money is in the wallet.")
        return row

    async def _refunded(self, uow: UnitOfWork, row: SaleRow, fact: Fact) -> None:
        if row.state == "refunded":
            return
        await self._undo(uow, row, reason=_GIVEN_BACK, by_refund=True)
        row = await store.change(
            uow, row, state="refunded", holds_reserve=False, problem="", **_where(fact)
        )
        await self._say(uow, row, _GIVEN_BACK)

    # ------------------------------------------------------------------------ what no longer does

    async def _take_back(self, uow: UnitOfWork, row: SaleRow) -> None:
        await self._undo(uow, row, reason=_TAKEN_BACK, by_refund=False)
        row = await store.change(
            uow,
            row,
            state="undone",
            holds_reserve=False,
            fact_id=None,
            transaction_hash=None,
            block_number=None,
            block_time=None,
            refund_until=None,
            released=False,
            problem=(
                f"{_TAKEN_BACK} As a rule the chain takes the payment into another block within "
                "minutes, and everything is yours again, without your doing. If the wallet says "
                "that it failed, nothing was paid: buy anew."
            ),
        )
        log.warning("a paid sale was undone by the chain", sale=row.id, chain=row.chain)
        await self._say(uow, row, _TAKEN_BACK)

    async def _undo(self, uow: UnitOfWork, row: SaleRow, *, reason: str, by_refund: bool) -> None:
        if row.state in _SETTLED:
            assert row.order_id is not None
            kind: UndoKind = "refunded" if by_refund else "revoked"
            await self._orders.undo(uow, row.order_id, reason=reason, entry_kind=kind)
        elif row.state == "credited":
            assert row.credit_transfer_id is not None
            await self._ledger.reverse(
                uow,
                TransferId(row.credit_transfer_id),
                kind="chain_credit_undone",
                idempotency_key=f"chain-credit-undone:{row.credit_transfer_id}",
                reference=row.id,
                note=reason,
            )
        elif row.holds_reserve:
            await self._let_go(uow, row, await self._purchase(uow, row))

    async def _dispute(self, uow: UnitOfWork, row: SaleRow, wrong: str) -> None:
        """Takes nothing for true and nothing away: people look at it."""
        problem = f"The chain tells of a payment that the offer does not admit: {wrong}."
        if row.problem == problem:
            return
        log.error("a payment contradicts its offer", sale=row.id, wrong=wrong)
        if row.state == "pending":
            row = await store.change(uow, row, state="disputed", problem=problem)
        else:
            row = await store.change(uow, row, problem=problem)
        await self._say(uow, row, problem)

    # --------------------------------------------------------------------------------- the parts

    async def release_reserve(self, uow: UnitOfWork, row: SaleRow) -> None:
        """Gives back what an offer that nobody paid has kept; a late payment still counts."""
        await self._let_go(uow, row, await self._purchase(uow, row))
        row = await store.change(uow, row, holds_reserve=False)
        await self._say(uow, row, "Not paid in time.")

    async def _let_go(self, uow: UnitOfWork, row: SaleRow, purchase: BoundPurchase) -> None:
        if not row.holds_reserve:
            return
        if purchase.item.offer.stock is not None:
            await self._listings.return_stock(uow, row.offer_id)
        if purchase.promotion_code is not None:
            await self._promotions.give_back(uow, purchase.order_id)

    async def _take_stock_again(self, uow: UnitOfWork, row: SaleRow) -> None:
        """What was promised in a signed offer is kept, also when the stock went meanwhile."""
        try:
            await self._listings.take_stock(uow, row.offer_id)
        except Conflict as error:
            log.warning("sold beyond the stock: the payment came late", sale=row.id, why=error.code)

    async def _purchase(self, uow: UnitOfWork, row: SaleRow) -> BoundPurchase:
        """What was bought, with its files again."""
        purchase = msgspec.convert(row.purchase, BoundPurchase)
        version = purchase.item.version
        files = [
            SaleFile(path=file.path, sha256=file.sha256, size_bytes=file.size_bytes)
            for file in await self._listings.version_files(uow, version.id)
        ]
        item = msgspec.structs.replace(
            purchase.item, version=msgspec.structs.replace(version, files=files)
        )
        return msgspec.structs.replace(purchase, item=item)

    async def _standing(self, uow: UnitOfWork, kind: str, row: SaleRow) -> Fact | None:
        found = await self._facts.of(uow, kind, network=row.network, key=row.nonce)
        return found[-1] if found else None

    async def _say(self, uow: UnitOfWork, row: SaleRow, said: str) -> None:
        await store.add_step(uow, row, said=said)
        await self.tell(uow, row)

    async def tell(self, uow: UnitOfWork, row: SaleRow) -> None:
        """Lets the buyer's open pages know."""
        await self._live.publish(
            uow,
            organisation(row.buyer_organisation_id),
            LIVE_KIND,
            {"sale_id": row.id, "state": row.state},
        )


def _postings(row: SaleRow, purchase: BoundPurchase) -> Sequence[Posting]:
    """The whole price came in; what the contract owes to wallets on the chain went out again."""
    direct = sum(direct_minor(purchase.shares, row.direct_organisations).values())
    postings = [came_in(row.network, row.currency, row.price_minor)]
    if direct:
        postings.append(went_out(row.network, row.currency, direct))
    return postings + [
        Posting(account_of(share, row.currency), share.amount_minor)
        for share in purchase.shares
        if share.amount_minor
        and not (share.organisation and share.organisation.id in row.direct_organisations)
    ]


def _where(fact: Fact) -> dict[str, object]:
    """The columns that say where on the chain it is."""
    until = fact.arguments.get("refund_until")
    return {
        "fact_id": fact.id,
        "transaction_hash": fact.transaction_hash,
        "block_number": fact.block_number,
        "block_time": fact.block_time,
        "refund_until": datetime.fromisoformat(until) if isinstance(until, str) else until,
    }


def _seen(fact: Fact) -> Seen:
    told = fact.arguments
    return Seen(
        contract=fact.contract,
        buyer=str(told["buyer"]),
        token=str(told["token"]),
        price=str(told["price"]),
    )


def _wanted(row: SaleRow) -> Wanted:
    return Wanted(
        market=row.market, wallet=row.wallet, token=row.token, price_units=int(row.price_units)
    )
