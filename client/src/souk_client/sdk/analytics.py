"""Numbers for sellers."""

from datetime import date
from typing import Literal

from souk_client.contracts.analytics import AnalyticsReport, ListingAnalytics, SearchCounts
from souk_client.contracts.base import PageAnswer
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api

Grain = Literal["hour", "day"]


def organisation_report(
    *,
    organisation_id: str | None = None,
    since: date | None = None,
    until: date | None = None,
    grain: Grain | None = None,
) -> Call[AnalyticsReport]:
    """Views, visitors, conversion, downloads and revenue of an organisation of the caller's."""
    query = {
        "organisation_id": organisation_id,
        "since": _day(since),
        "until": _day(until),
        "grain": grain,
    }
    return Call(
        method="GET", path=api("analytics", "organisation"), answer=AnalyticsReport, query=query
    )


def listing_reports(
    *,
    organisation_id: str | None = None,
    since: date | None = None,
    until: date | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[PageAnswer[ListingAnalytics]]:
    """The same by listing, the most views first."""
    query = {
        "organisation_id": organisation_id,
        "since": _day(since),
        "until": _day(until),
        "cursor": cursor,
        "limit": limit,
    }
    return Call(
        method="GET",
        path=api("analytics", "organisation", "listings"),
        answer=PageAnswer[ListingAnalytics],
        query=query,
    )


def listing_report(
    listing_id: str,
    *,
    since: date | None = None,
    until: date | None = None,
    grain: Grain | None = None,
) -> Call[AnalyticsReport]:
    """The numbers of one listing of the caller's organisations."""
    query = {"since": _day(since), "until": _day(until), "grain": grain}
    return Call(
        method="GET",
        path=api("analytics", "listings", listing_id),
        answer=AnalyticsReport,
        query=query,
    )


def search_counts(*, days: int | None = None, limit: int | None = None) -> Call[SearchCounts]:
    """Admin: what was searched for most."""
    query = {"days": days, "limit": limit}
    return Call(method="GET", path=api("analytics", "searches"), answer=SearchCounts, query=query)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


class Analytics(Namespace[S]):
    """What people look at and buy."""

    organisation = Endpoint(organisation_report)
    listings = Endpoint(listing_reports)
    listing = Endpoint(listing_report)
    searches = Endpoint(search_counts)
