"""Tells people of works that match what they look for."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

from souk.discovery.alerts.store import Match
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications.api import Notices
from souk.kernel.money import Money, format_money
from souk_client.contracts.works import ListingSummary

KIND: Final = "alert.saved_search"
_NAMED: Final = 5


async def tell(
    uow: UnitOfWork,
    notices: Notices,
    matches: Sequence[Match],
    listings: Mapping[str, ListingSummary],
    *,
    told_apart: int,
) -> None:
    """One notice a work; more than `told_apart` that come together make one.

    Args:
        matches: in the order of their saved searches.
    """
    for _, found in groupby(matches, key=lambda match: match.saved_search_id):
        together = list(found)
        if len(together) > told_apart:
            await _tell_of_many(uow, notices, together, listings)
            continue
        for match in together:
            await _tell_of_one(uow, notices, match, listings[match.listing_id])


async def _tell_of_one(
    uow: UnitOfWork, notices: Notices, match: Match, listing: ListingSummary
) -> None:
    about = [listing.summary] if listing.summary else []
    await notices.tell(
        uow,
        user_ids=[match.user_id],
        kind=KIND,
        title=f"{listing.title} matches “{match.name}”",
        body=" · ".join([*about, f"{listing.kind} by {listing.owner.name}", _price(listing)]),
        link=f"/{listing.address}",
        event_id=f"{match.saved_search_id}:{match.listing_id}",
    )


async def _tell_of_many(
    uow: UnitOfWork,
    notices: Notices,
    matches: Sequence[Match],
    listings: Mapping[str, ListingSummary],
) -> None:
    first = matches[0]
    titles = [listings[match.listing_id].title for match in matches]
    more = len(titles) - _NAMED
    named = [*titles[:_NAMED], f"and {more} more"] if more > 0 else titles
    await notices.tell(
        uow,
        user_ids=[first.user_id],
        kind=KIND,
        title=f"{len(matches)} works match “{first.name}”",
        body=", ".join(named),
        link=f"/account/searches/{first.saved_search_id}",
        event_id=f"{first.saved_search_id}:{first.listing_id}",
    )


def _price(listing: ListingSummary) -> str:
    if listing.price_minor is None or listing.currency is None:
        return "no price yet"
    if listing.price_minor == 0:
        return "free"
    return format_money(Money(amount_minor=listing.price_minor, currency=listing.currency))
