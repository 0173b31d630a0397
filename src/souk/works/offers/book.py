"""The offer book behind listings: writing, reading and taking from the stock."""

from collections.abc import Collection, Sequence

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import Conflict, Invalid, NotFound
from souk.kernel.ids import new_id
from souk.kernel.money import currency
from souk.people.organisations.api import OrganisationsApi
from souk.works.listings.api import NewOffer
from souk.works.offers import store
from souk.works.offers.model import check_offer, organisations_named, plan_split
from souk_client.contracts.works import Offer, OfferRequest


class OfferBook:
    """Implements `listings.api.OfferBook`."""

    def __init__(self, organisations: OrganisationsApi) -> None:
        self._organisations = organisations

    def check(self, request: OfferRequest) -> None:
        check_offer(request)

    async def check_organisations(self, uow: UnitOfWork, offers: Sequence[NewOffer]) -> None:
        named = set[str]().union(*(organisations_named(offer.request) for offer in offers))
        if not named:
            return
        unknown = named - set(await self._organisations.many(uow, sorted(named)))
        if unknown:
            raise Invalid(
                "organisation_unknown", f"There is no organisation {', '.join(sorted(unknown))}."
            )

    async def add(self, uow: UnitOfWork, offers: Sequence[NewOffer]) -> list[Offer]:
        if not offers:
            return []
        for offer in offers:
            check_offer(offer.request)
        await self.check_organisations(uow, offers)
        rows = [
            store.NewRow(
                id=new_id("off", uow.now),
                listing_id=offer.listing_id,
                organisation_id=offer.organisation_id,
                request=offer.request,
                currency=currency(offer.request.currency).code,
                shares=plan_split(offer.request),
            )
            for offer in offers
        ]
        written = {row.id: row for row in await store.add(uow, rows)}
        taken = [row.request.edition for row in rows if row.id not in written]
        if taken:
            raise Conflict(
                "edition_taken",
                f"There is an active offer of the edition {taken[0]!r} already; change that one, "
                "or choose another edition.",
            )
        return [written[row.id].to_offer() for row in rows]

    async def of_listings(
        self, uow: UnitOfWork, listing_ids: Collection[str]
    ) -> dict[str, list[Offer]]:
        found: dict[str, list[Offer]] = {}
        for row in await store.active_of(uow, listing_ids):
            found.setdefault(row.listing_id, []).append(row.to_offer())
        return found

    async def get(self, uow: UnitOfWork, offer_id: str) -> Offer:
        """An offer in any state. Raises NotFound `offer_unknown`."""
        row = await store.find(uow, offer_id)
        if row is None:
            raise _unknown()
        return row.to_offer()

    async def is_withdrawn(self, uow: UnitOfWork, listing_id: str, offer_id: str) -> bool:
        row = await store.find(uow, offer_id)
        return row is not None and row.listing_id == listing_id and row.state == "withdrawn"

    async def take_stock(self, uow: UnitOfWork, offer_id: str) -> None:
        outcome = await store.change_stock(uow, offer_id, 1)
        if outcome is None:
            raise _unknown()
        if outcome == "withdrawn":
            raise Conflict("offer_withdrawn", "This offer is no longer for sale.")
        if outcome == "sold_out":
            raise Conflict("offer_sold_out", "All that was for sale of this offer is sold.")

    async def return_stock(self, uow: UnitOfWork, offer_id: str) -> None:
        if await store.change_stock(uow, offer_id, -1) is None:
            raise _unknown()


def _unknown() -> NotFound:
    return NotFound("offer_unknown", "There is no such offer.")
