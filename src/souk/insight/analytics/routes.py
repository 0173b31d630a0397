"""HTTP: numbers for sellers, and for admins what is searched for."""

from datetime import date
from typing import Annotated

from litestar import get
from litestar.params import Parameter

from souk.infra.http.paging import Limit
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.analytics.api import Range
from souk.insight.analytics.reports import Reports
from souk.kernel.actor import Actor
from souk.kernel.paging import DEFAULT_LIMIT
from souk_client.contracts.analytics import (
    AnalyticsReport,
    Grain,
    ListingAnalytics,
    SearchCounts,
)
from souk_client.contracts.base import PageAnswer

_TAGS = ["insight"]
Since = Annotated[
    date | None, Parameter(description="the first day (UTC); 29 days before `until` if left out")
]
Until = Annotated[date | None, Parameter(description="the last day (UTC); today if left out")]
ByGrain = Annotated[Grain, Parameter(description="366 days at most by day, 14 by hour")]
Days = Annotated[int, Parameter(ge=1, le=90, description="how many days back")]
Organisation = Annotated[
    str | None, Parameter(max_length=64, description="the caller's personal one when left out")
]


@get("/analytics/organisation", tags=_TAGS)
async def organisation_analytics(
    uow: UnitOfWork,
    actor: Actor,
    analytics_reports: Reports,
    organisation_id: Organisation = None,
    since: Since = None,
    until: Until = None,
    grain: ByGrain = "day",
) -> AnalyticsReport:
    """Views, visitors, conversion, downloads and revenue of one of the caller's organisations."""
    asked = Range(since=since, until=until, grain=grain)
    return await analytics_reports.of_organisation(uow, actor, organisation_id, asked)


@get("/analytics/organisation/listings", tags=_TAGS)
async def organisation_listings_analytics(
    uow: UnitOfWork,
    actor: Actor,
    analytics_reports: Reports,
    organisation_id: Organisation = None,
    since: Since = None,
    until: Until = None,
    cursor: Annotated[str | None, Parameter(max_length=300)] = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[ListingAnalytics]:
    """The same by listing, the most views first; listings without any traffic are left out."""
    asked = Range(since=since, until=until)
    page = await analytics_reports.listings(
        uow, actor, organisation_id, asked, cursor=cursor, limit=limit
    )
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@get("/analytics/listings/{listing_id:str}", tags=_TAGS)
async def listing_analytics(
    listing_id: str,
    uow: UnitOfWork,
    actor: Actor,
    analytics_reports: Reports,
    since: Since = None,
    until: Until = None,
    grain: ByGrain = "day",
) -> AnalyticsReport:
    """The numbers of one listing of the caller's organisations."""
    asked = Range(since=since, until=until, grain=grain)
    return await analytics_reports.of_listing(uow, actor, listing_id, asked)


@get("/analytics/searches", tags=_TAGS)
async def search_counts(
    uow: UnitOfWork,
    actor: Actor,
    analytics_reports: Reports,
    days: Days = 30,
    limit: Limit = DEFAULT_LIMIT,
) -> SearchCounts:
    """Admin: what was searched for most, and how often nothing was found."""
    items = await analytics_reports.searches(uow, actor, days=days, limit=limit)
    return SearchCounts(items=items)


ROUTES = [
    organisation_analytics,
    organisation_listings_analytics,
    listing_analytics,
    search_counts,
]
"""Under /api/v1."""
