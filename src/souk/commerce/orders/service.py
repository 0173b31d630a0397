"""Use cases of orders."""

from collections.abc import Sequence

import msgspec

from souk.commerce.orders import store
from souk.commerce.orders.api import (
    BoundPurchase,
    DownloadHistory,
    OrderGuard,
    OrderIntent,
    Payment,
    Side,
    UndoKind,
)
from souk.commerce.orders.errors import already_owned, paid_on_chain
from souk.commerce.orders.facts import paid, refunded
from souk.commerce.orders.model import Share, divide, order_number, refundable_until
from souk.commerce.orders.postings import wallet_postings
from souk.commerce.orders.reducing import reduce
from souk.commerce.orders.regions import check_region
from souk.commerce.orders.settings import OrderSettings
from souk.commerce.orders.views import order_of, receipt_of
from souk.commerce.promotions.api import Promotions
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.telemetry.metrics import TRANSACTIONS_COMPLETED
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, Forbidden, NotFound
from souk.kernel.ids import OrderId, TransferId, new_id
from souk.kernel.paging import Page, decode_cursor, page_of
from souk.people.organisations.api import BillingApi, OrganisationFacts, OrganisationsApi
from souk.rights.licences.api import Licence, Licences, LicensedFile
from souk.treasury.ledger.api import Ledger, Posting
from souk.works.listings.api import Listings, SaleItem
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.commerce import Order, OrderRequest, Receipt


class OrderService:
    """Implements `Orders` but for its reports, which are in `RevenueReports`."""

    def __init__(
        self,
        *,
        listings: Listings,
        licences: Licences,
        ledger: Ledger,
        organisations: OrganisationsApi,
        billing: BillingApi,
        downloads: DownloadHistory,
        promotions: Promotions,
        settings: OrderSettings,
        marketplace: str,
        guards: Sequence[OrderGuard] = (),
    ) -> None:
        self._listings = listings
        self._licences = licences
        self._ledger = ledger
        self._organisations = organisations
        self._billing = billing
        self._downloads = downloads
        self._promotions = promotions
        self._settings = settings
        self._marketplace = marketplace
        self._guards = guards

    async def place(self, uow: UnitOfWork, actor: Actor, request: OrderRequest) -> Order:
        """Buys an offer; see `Orders.place`. Money moves last, so that wallets are locked least."""
        purchase = await self.prepare(uow, actor, request)
        item = purchase.item
        if item.offer.stock is not None:
            await self._listings.take_stock(uow, item.offer.id)
        return await self.settle(
            uow,
            purchase,
            payment="wallet",
            postings=wallet_postings(purchase) if item.offer.price_minor else (),
        )

    async def prepare(self, uow: UnitOfWork, actor: Actor, request: OrderRequest) -> BoundPurchase:
        """Checks a purchase and divides its price; see `Orders.prepare`."""
        user_id = actor.require("marketplace:buy")
        buyer_id = actor.acting_for(request.organisation_id)
        item = await self._listings.for_sale(uow, request.listing_id, request.offer_id)
        if item.owner.id == buyer_id:
            raise Conflict("own_listing", "This listing is your own; you have its files already.")
        if item.regions:
            check_region(item.regions, await self._billing.of(uow, buyer_id))
        order_id = OrderId(new_id("ord", uow.now))
        item, discount = await reduce(
            uow,
            self._promotions,
            item,
            code=request.promotion_code,
            buyer_id=buyer_id,
            order_id=order_id,
        )
        _check_price(item, request)
        await self._refuse_second(uow, item, buyer_id=buyer_id)
        for guard in self._guards:
            await guard.check(uow, _intent(item, buyer_id=buyer_id, user_id=user_id))
        parties = await self._parties(uow, item, buyer_id=buyer_id, affiliate=request.affiliate)
        return BoundPurchase(
            order_id=order_id,
            item=item,
            buyer=parties[buyer_id],
            bought_by=user_id,
            shares=tuple(
                _divide(item, parties, buyer_id=buyer_id, affiliate_slug=request.affiliate)
            ),
            promotion_code=discount.code if discount else None,
            list_price_minor=discount.list_price_minor if discount else None,
        )

    async def settle(
        self,
        uow: UnitOfWork,
        purchase: BoundPurchase,
        *,
        payment: Payment,
        postings: Sequence[Posting],
    ) -> Order:
        """Order, licence, provenance entry and postings of a purchase; see `Orders.settle`."""
        item, buyer, shares = purchase.item, purchase.buyer, purchase.shares
        licence = await self._licences.issue(
            uow,
            listing_id=item.listing_id,
            listing_address=item.address,
            listing_title=item.title,
            version_id=item.version.id,
            version=item.version.version,
            spdx=item.licence,
            terms=item.offer.terms,
            licensee_organisation=buyer,
            licensor_organisation=item.owner,
            order_id=purchase.order_id,
            files=[
                LicensedFile(path=file.path, sha256=file.sha256, size_bytes=file.size_bytes)
                for file in item.version.files
            ],
            entry_kind="sold" if item.offer.price_minor else "licensed",
        )
        transfer_id = TransferId(new_id("trf", uow.now)) if item.offer.price_minor else None
        row = store.OrderRow(
            id=purchase.order_id,
            number=0,
            state="paid",
            listing_id=item.listing_id,
            listing_address=item.address,
            listing_title=item.title,
            version=item.version.version,
            offer_id=item.offer.id,
            edition=item.offer.edition,
            buyer_organisation_id=buyer.id,
            buyer_slug=buyer.slug,
            buyer_name=buyer.name,
            seller_organisation_id=item.owner.id,
            seller_slug=item.owner.slug,
            seller_name=item.owner.name,
            bought_by=purchase.bought_by,
            price_minor=item.offer.price_minor,
            currency=item.offer.currency,
            licence_id=licence.id,
            provenance_entry_id=licence.provenance_entry_id,
            transfer_id=transfer_id,
            perpetual=item.offer.terms.kind == "perpetual",
            created_at=uow.now,
            promotion_code=purchase.promotion_code,
            list_price_minor=purchase.list_price_minor,
            payment=payment,
        )
        number = await store.insert(uow, row, shares)
        row = msgspec.structs.replace(row, number=number)
        await self._listings.count_sale(uow, item.listing_id, offer_id=item.offer.id)
        if transfer_id is not None:
            await self._ledger.post(
                uow,
                kind="sale",
                idempotency_key=f"sale:{row.id}",
                postings=postings,
                reference=row.id,
                note=row.listing_title,
                transfer_id=transfer_id,
            )
        uow.publish(paid(row, shares))
        uow.after_commit(lambda: TRANSACTIONS_COMPLETED.labels(row.currency).inc())
        return self._view(row, _rows(row.id, shares))

    async def owned(self, uow: UnitOfWork, purchase: BoundPurchase) -> str | None:
        """The licence that the buyer holds for ever from this offer; see `Orders.owned`."""
        if purchase.item.offer.terms.kind != "perpetual":
            return None
        return await store.owned_already(
            uow, buyer_id=purchase.buyer.id, offer_id=purchase.item.offer.id
        )

    async def get(self, uow: UnitOfWork, actor: Actor, order_id: str) -> Order:
        """An order of one of the caller's organisations."""
        row = await self._visible(uow, actor, order_id)
        return self._view(row, await store.shares_of(uow, [row.id]))

    async def page(
        self,
        uow: UnitOfWork,
        actor: Actor,
        *,
        organisation_id: str | None,
        side: Side,
        cursor: str | None,
        limit: int,
    ) -> Page[Order]:
        """What an organisation bought or sold, newest first."""
        chosen = actor.acting_for(organisation_id)
        key = decode_cursor(cursor, size=1)
        before = str(key[0]) if key else None
        read = store.of_buyer if side == "buyer" else store.of_seller
        rows = await read(uow, chosen, before=before, limit=limit + 1)
        page = page_of(rows, limit=limit, key=lambda row: [row.id])
        shares = await store.shares_of(uow, [row.id for row in page.items])
        return page.map(
            lambda row: self._view(row, [share for share in shares if share.order_id == row.id])
        )

    async def receipt(self, uow: UnitOfWork, actor: Actor, order_id: str) -> Receipt:
        """The receipt of an order."""
        order = await self.get(uow, actor, order_id)
        return receipt_of(order, marketplace=self._marketplace)

    async def refund(self, uow: UnitOfWork, actor: Actor, order_id: str, *, reason: str) -> Order:
        """Undoes a sale; see `Orders.refund`."""
        row = await self._visible(uow, actor, order_id, lock=True)
        if row.state == "refunded":
            raise Conflict("order_refunded", f"Order {order_number(row.number)} is refunded.")
        if row.payment != "wallet":
            raise paid_on_chain()
        by_buyer = not (actor.is_admin or actor.manages(row.seller_organisation_id))
        if by_buyer:
            await self._check_window(uow, actor, row)
        licence = await self._undo(
            uow,
            row,
            reason=reason,
            licence_reason=f"refund of order {order_number(row.number)}",
            entry_kind="refunded",
        )
        if by_buyer:
            self._check_unused(licence)  # once revoked: nobody can take a use any more
        return await self.get(uow, actor, order_id)

    async def undo(
        self, uow: UnitOfWork, order_id: str, *, reason: str, entry_kind: UndoKind
    ) -> None:
        """Undoes an order that was paid elsewhere; see `Orders.undo`."""
        row = await store.get(uow, order_id, lock=True)
        if row is None:
            raise NotFound("order_unknown", "There is no such order.")
        if row.state == "paid":
            await self._undo(uow, row, reason=reason, licence_reason=reason, entry_kind=entry_kind)

    async def _undo(
        self,
        uow: UnitOfWork,
        row: store.OrderRow,
        *,
        reason: str,
        licence_reason: str,
        entry_kind: UndoKind,
    ) -> Licence:
        """Licence, promotion, stock, money and the order itself; answers the ended licence."""
        licence = await self._licences.revoke(
            uow, row.licence_id, reason=licence_reason, entry_kind=entry_kind
        )
        if row.promotion_code is not None:
            await self._promotions.give_back(uow, row.id)
        await self._listings.count_sale(uow, row.listing_id, offer_id=row.offer_id, count=-1)
        await self._listings.return_stock(uow, row.offer_id)
        back = None
        if row.transfer_id is not None:
            back = await self._ledger.reverse(
                uow,
                TransferId(row.transfer_id),
                kind="refund",
                idempotency_key=f"refund:{row.id}",
                reference=row.id,
                note=f"Refund of {order_number(row.number)}: {row.listing_title}",
            )
        await store.mark_refunded(uow, row.id, reason=reason, transfer_id=back)
        uow.publish(refunded(row, reason))
        return licence

    async def _check_window(self, uow: UnitOfWork, actor: Actor, row: store.OrderRow) -> None:
        """The buyer's conditions."""
        if not actor.belongs_to(row.buyer_organisation_id):
            raise Forbidden(
                "not_manager", "Only the seller's managers or the buyer may refund an order."
            )
        until = refundable_until(row.created_at, refund_days=self._settings.refund_days)
        if until is None or uow.now > until:
            raise Conflict(
                "refund_window_over",
                f"Purchases can be returned for {self._settings.refund_days} days; ask the seller.",
            )
        if self._settings.refund_after_download:
            return
        if await self._downloads.any_download(uow, row.licence_id):
            raise Conflict(
                "refund_after_download",
                "Something was downloaded under this licence, so only the seller can refund it.",
            )

    def _check_unused(self, licence: Licence) -> None:
        """A buyer who took uses had what was paid for; the caller's transaction is undone."""
        if not self._settings.refund_after_download and licence.uses_left != licence.terms.uses:
            raise Conflict(
                "refund_after_use",
                "Uses were taken from this licence, so only the seller can refund it.",
            )

    async def _refuse_second(self, uow: UnitOfWork, item: SaleItem, *, buyer_id: str) -> None:
        if item.offer.terms.kind != "perpetual":
            return
        licence_id = await store.owned_already(uow, buyer_id=buyer_id, offer_id=item.offer.id)
        if licence_id is not None:
            raise already_owned(licence_id)

    async def _parties(
        self, uow: UnitOfWork, item: SaleItem, *, buyer_id: str, affiliate: str | None
    ) -> dict[str, OwnerRef]:
        """Every organisation that the sale concerns, by id, and the affiliate's by `@slug`."""
        wanted = {buyer_id, item.offer.creator_organisation_id or item.owner.id}
        wanted |= {share.organisation_id for share in item.offer.shares if share.organisation_id}
        found = await self._organisations.many(uow, sorted(wanted))
        parties = {key: _ref(facts) for key, facts in found.items()}
        parties.setdefault(item.owner.id, item.owner)
        if affiliate is not None:
            known = await self._organisations.by_slug(uow, affiliate)
            if known is not None:
                parties[f"@{affiliate}"] = _ref(known)
        return parties

    async def _visible(
        self, uow: UnitOfWork, actor: Actor, order_id: str, *, lock: bool = False
    ) -> store.OrderRow:
        actor.require_user()
        row = await store.get(uow, order_id, lock=lock)
        if row is None or not (
            actor.is_admin
            or actor.belongs_to(row.buyer_organisation_id)
            or actor.belongs_to(row.seller_organisation_id)
        ):
            raise NotFound("order_unknown", "There is no such order of yours.")
        return row

    def _view(self, row: store.OrderRow, shares: Sequence[store.ShareRow]) -> Order:
        return order_of(row, shares, refund_days=self._settings.refund_days)


def _check_price(item: SaleItem, request: OrderRequest) -> None:
    """The buyer pays what the buyer saw."""
    offer = item.offer
    expected = (
        request.expected_price_minor
        if request.expected_price_minor is not None
        else offer.price_minor,
        request.expected_currency or offer.currency,
    )
    if expected != (offer.price_minor, offer.currency):
        raise Conflict(
            "price_changed",
            "The price is not what you expected; look again before you buy.",
            price_minor=offer.price_minor,
            currency=offer.currency,
        )


def _divide(
    item: SaleItem,
    parties: dict[str, OwnerRef],
    *,
    buyer_id: str,
    affiliate_slug: str | None,
) -> list[Share]:
    """The split; the buyer and the seller are nobody's affiliates."""
    affiliate = parties.get(f"@{affiliate_slug}")
    if affiliate is not None and affiliate.id in (buyer_id, item.owner.id):
        affiliate = None
    creator = parties[item.offer.creator_organisation_id or item.owner.id]
    return divide(
        item.offer.price_minor,
        item.offer.shares,
        creator=creator,
        affiliate=affiliate,
        partners=parties,
    )


def _intent(item: SaleItem, *, buyer_id: str, user_id: str) -> OrderIntent:
    return OrderIntent(
        listing_id=item.listing_id,
        buyer_organisation_id=buyer_id,
        seller_organisation_id=item.owner.id,
        user_id=user_id,
        price_minor=item.offer.price_minor,
        currency=item.offer.currency,
    )


def _ref(facts: OrganisationFacts) -> OwnerRef:
    return OwnerRef(id=facts.id, slug=facts.slug, name=facts.name)


def _rows(order_id: str, shares: Sequence[Share]) -> list[store.ShareRow]:
    return [
        store.ShareRow(
            order_id=order_id,
            role=share.role,
            organisation_id=share.organisation.id if share.organisation else None,
            organisation_slug=share.organisation.slug if share.organisation else None,
            organisation_name=share.organisation.name if share.organisation else None,
            basis_points=share.basis_points,
            amount_minor=share.amount_minor,
        )
        for share in shares
    ]
