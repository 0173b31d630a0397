"""Puts listings side by side."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from souk.compute.evaluation.api import Evaluations
from souk.discovery.comparisons import model
from souk.discovery.comparisons.api import MAX_COMPARED
from souk.discovery.comparisons.errors import ComparedUnknown, ComparisonEmpty, ComparisonTooLarge
from souk.discovery.reviews.api import RatingSummary, Reviews
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import NotFound
from souk.treasury.rates.api import Rates, RateTable
from souk.works.listings.api import Listings, current_version
from souk_client.contracts.comparisons import (
    ComparedCell,
    ComparedListing,
    ComparedMoney,
    ComparedRow,
    Comparison,
)
from souk_client.contracts.works import Listing, ListingSummary

_SLUG: Final = r"[a-z0-9](?:[a-z0-9._-]{0,94}[a-z0-9])?"
_ADDRESS: Final = re.compile(rf"({_SLUG})/({_SLUG})")
_ID: Final = re.compile(r"lst_[0-7][0-9a-hjkmnp-tv-z]{25}")
_SHOWN_NAME: Final = 200


class ComparisonService:
    """Implements `api.Comparisons`."""

    def __init__(
        self, *, listings: Listings, reviews: Reviews, rates: Rates, evaluations: Evaluations
    ) -> None:
        self._listings = listings
        self._reviews = reviews
        self._rates = rates
        self._evaluations = evaluations

    async def compare(
        self, uow: UnitOfWork, named: Sequence[str], *, currency: str | None = None
    ) -> Comparison:
        """See `api.Comparisons.compare`."""
        names = list(dict.fromkeys(name.strip() for name in named if name.strip()))
        if not names:
            raise ComparisonEmpty()
        if len(names) > MAX_COMPARED:
            raise ComparisonTooLarge(len(names), MAX_COMPARED)
        rates = await self._rates.table(uow)
        if currency is not None:
            rates.convert(0, currency, currency)  # refuses a currency that nobody knows
        found = {name: await self._public(uow, name) for name in names}
        unknown = [name[:_SHOWN_NAME] for name, listing in found.items() if listing is None]
        if unknown:
            raise ComparedUnknown(unknown)
        # Named once by its address and once by its id, it is still one.
        listings = list({one.id: one for one in found.values() if one is not None}.values())
        return Comparison(
            listings=[_head(listing) for listing in listings],
            rows=await self._rows(uow, listings, rates=rates, currency=currency),
        )

    async def _public(self, uow: UnitOfWork, name: str) -> Listing | None:
        try:
            if _ID.fullmatch(name):
                listing = await self._listings.get(uow, name)
            elif address := _ADDRESS.fullmatch(name):
                listing = await self._listings.by_address(uow, address[1], address[2])
            else:
                return None
        except NotFound:
            return None
        return listing if listing.state == "published" else None

    async def _rows(
        self,
        uow: UnitOfWork,
        listings: Sequence[Listing],
        *,
        rates: RateTable,
        currency: str | None,
    ) -> list[ComparedRow]:
        ids = [listing.id for listing in listings]
        summaries = await self._listings.summaries(uow, ids)
        ratings = await self._reviews.summaries(uow, ids)
        measured = await self._evaluations.measured_each(uow, listings)
        verified = {
            (listing_id, one.metric)
            for listing_id, found in measured.items()
            for one in found
            if one.verified is not None
        }
        rows = [
            model.price_row(_prices([summaries[one] for one in ids], rates, currency=currency)),
            *model.offer_rows(listings),
            _rating_row([ratings[one] for one in ids]),
            *model.metric_rows(listings, verified=verified),
            model.text_row("licence", "Licence", [listing.licence or "" for listing in listings]),
            *model.spec_rows(listings),
            *model.file_rows(listings),
            *model.activity_rows(listings),
        ]
        return model.told(rows)


def _prices(
    summaries: Sequence[ListingSummary], rates: RateTable, *, currency: str | None
) -> list[ComparedMoney | None]:
    """The price on each card, converted where that is asked for or needed to compare."""
    named = [one.currency for one in summaries if one.currency is not None]
    if currency is None and len(set(named)) > 1:
        currency = named[0]
    return [_price(one, rates, currency=currency) for one in summaries]


def _price(
    summary: ListingSummary, rates: RateTable, *, currency: str | None
) -> ComparedMoney | None:
    if summary.price_minor is None or summary.currency is None:
        return None
    price = ComparedMoney(amount_minor=summary.price_minor, currency=summary.currency)
    if currency is None:
        return price
    if currency == summary.currency:
        return msgspec.structs.replace(
            price, converted_minor=price.amount_minor, converted_currency=currency
        )
    found = rates.convert(summary.price_minor, summary.currency, currency)
    if found is None:
        return price
    return msgspec.structs.replace(
        price,
        converted_minor=found.amount_minor,
        converted_currency=found.currency,
        rate_as_of=found.as_of,
        rate_source=found.source,
    )


def _rating_row(ratings: Sequence[RatingSummary]) -> ComparedRow:
    """Marked by the Bayesian mean: five stars of one buyer are not better than 4.8 of hundreds."""
    row = ComparedRow(
        group="rating",
        name="Rating",
        unit="of 5",
        better="higher",
        cells=[_rating_cell(rating) for rating in ratings],
    )
    return model.mark_best(row, [one.bayesian if one.count else None for one in ratings])


def _rating_cell(rating: RatingSummary) -> ComparedCell:
    if rating.mean is None:
        return model.EMPTY
    reviews = "1 review" if rating.count == 1 else f"{rating.count} reviews"
    return ComparedCell(number=round(rating.mean, 2), note=reviews)


def _head(listing: Listing) -> ComparedListing:
    version = current_version(listing)
    return ComparedListing(
        id=listing.id,
        address=listing.address,
        owner=listing.owner,
        kind=listing.kind,
        title=listing.title,
        summary=listing.summary,
        version=version.version if version else None,
        published_at=listing.published_at,
    )
