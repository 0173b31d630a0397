"""Puts listings side by side."""

import re
from collections.abc import Collection, Sequence
from typing import Final

from souk.discovery.comparisons import model
from souk.discovery.comparisons.api import MAX_COMPARED, Exchange, Rated, Ratings
from souk.discovery.comparisons.errors import ComparedUnknown, ComparisonEmpty, ComparisonTooLarge
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import NotFound
from souk.kernel.money import currency as known_currency
from souk.works.listings.api import Listings
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
        self, *, listings: Listings, ratings: Ratings | None, exchange: Exchange | None
    ) -> None:
        self._listings = listings
        self._ratings = ratings
        self._exchange = exchange

    async def compare(
        self, uow: UnitOfWork, named: Sequence[str], *, currency: str | None = None
    ) -> Comparison:
        """See `api.Comparisons.compare`."""
        names = list(dict.fromkeys(name.strip() for name in named if name.strip()))
        if not names:
            raise ComparisonEmpty()
        if len(names) > MAX_COMPARED:
            raise ComparisonTooLarge(len(names), MAX_COMPARED)
        code = None if currency is None else known_currency(currency).code
        found = {name: await self._public(uow, name) for name in names}
        unknown = [name[:_SHOWN_NAME] for name, listing in found.items() if listing is None]
        if unknown:
            raise ComparedUnknown(unknown)
        # Named once by its address and once by its id, it is still one.
        listings = list({one.id: one for one in found.values() if one is not None}.values())
        return Comparison(
            listings=[_head(listing) for listing in listings],
            rows=await self._rows(uow, listings, currency=code),
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
        self, uow: UnitOfWork, listings: Sequence[Listing], *, currency: str | None
    ) -> list[ComparedRow]:
        ids = [listing.id for listing in listings]
        summaries = await self._listings.summaries(uow, ids)
        prices = [await self._price(uow, summaries[one], currency=currency) for one in ids]
        rows = [
            model.price_row(prices),
            *model.offer_rows(listings),
            _rating_row(ids, await self._rated(uow, ids)),
            *model.metric_rows(listings),
            model.text_row("licence", "Licence", [listing.licence or "" for listing in listings]),
            *model.spec_rows(listings),
            *model.file_rows(listings),
            *model.activity_rows(listings),
        ]
        return model.told(rows)

    async def _price(
        self, uow: UnitOfWork, summary: ListingSummary, *, currency: str | None
    ) -> ComparedMoney | None:
        if summary.price_minor is None or summary.currency is None:
            return None
        price = ComparedMoney(amount_minor=summary.price_minor, currency=summary.currency)
        if currency is None or self._exchange is None:
            return price
        converted = await self._exchange.convert(
            uow, summary.price_minor, summary.currency, currency
        )
        return converted or price

    async def _rated(self, uow: UnitOfWork, ids: Collection[str]) -> dict[str, Rated]:
        return {} if self._ratings is None else await self._ratings.of(uow, ids)


def _rating_row(ids: Sequence[str], rated: dict[str, Rated]) -> ComparedRow:
    """Marked by the Bayesian mean: five stars of one buyer are not better than 4.8 of hundreds."""
    cells: list[ComparedCell] = []
    keys: list[float | None] = []
    for one in ids:
        rating = rated.get(one)
        if rating is None or not rating.count:
            cells.append(model.EMPTY)
            keys.append(None)
            continue
        reviews = "1 review" if rating.count == 1 else f"{rating.count} reviews"
        cells.append(ComparedCell(number=round(rating.mean, 2), note=reviews))
        keys.append(rating.bayesian)
    row = ComparedRow(group="rating", name="Rating", unit="of 5", better="higher", cells=cells)
    return model.mark_best(row, keys)


def _head(listing: Listing) -> ComparedListing:
    version = model.current_version(listing)
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
