"""The seller's dashboard: visitors, revenue, works, sales."""

from collections.abc import Sequence
from typing import Final

import msgspec
from litestar import Response, get

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.web.forms import PageRequest
from souk.web.market import Market
from souk.web.pages.acting import acting
from souk.web.pages.addresses import with_query
from souk.web.pages.selling_range import (
    CHOICES,
    chosen_days,
    counts_chart,
    days_back,
    days_of,
    money_charts,
)
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.analytics import ListingAnalytics
from souk_client.contracts.commerce import ListingRevenue, RevenueDay
from souk_client.contracts.works import ListingSummary

LATEST_SALES: Final = 10
MAX_WORKS: Final = 100


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """What a currency brought in over the whole time shown."""

    currency: str
    gross_minor: int
    net_minor: int


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """A listing with its numbers of the time shown, if it had any."""

    listing: ListingSummary
    numbers: ListingAnalytics | None
    earned: list[ListingRevenue]


@get("/selling")
async def selling_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Who looked at the organisation's works, what they brought in, and how they stand."""
    who = await acting(request, uow, actor, market)
    days = chosen_days(request)
    asked = days_back(uow.now.date(), days)
    own = who.organisation_id
    revenue = await market.revenue.revenue(uow, actor, organisation_id=own, days=days)
    report = await market.analytics_reports.of_organisation(uow, actor, own, asked)
    numbers = await market.analytics_reports.listings(
        uow, actor, own, asked, cursor=None, limit=MAX_WORKS
    )
    works = await market.listings.of_organisation(uow, own, limit=MAX_WORKS)
    sales = await market.orders.page(
        uow, actor, organisation_id=own, side="seller", cursor=None, limit=LATEST_SALES
    )
    states = [work.state for work in works.items]
    kept = {"organisation": who.query, "days": str(days)}
    charts = [
        counts_chart(report, key="visitors", title="Visitors by day", count=lambda n: n.visitors),
        *money_charts(
            [(day.day, day.currency, day.net_minor) for day in revenue.days],
            days=days_of(asked),
            title="Revenue by day",
        ),
    ]
    return pages.answer(
        "pages/selling.html",
        shell,
        here="/selling",
        who=who,
        days=days,
        day_choices=[
            (choice, with_query("/selling", {**kept, "days": str(choice)})) for choice in CHOICES
        ],
        own_path=with_query("/selling", kept),
        csv_path=with_query("/selling/numbers.csv", kept),
        totals=totals(revenue.days),
        order_count=sum(day.orders for day in revenue.days),
        published_count=states.count("published"),
        draft_count=states.count("draft"),
        report=report,
        charts=[chart for chart in charts if chart is not None],
        works=_works(works.items, numbers.items, revenue.by_listing),
        sales=sales.items,
    )


def totals(days: Sequence[RevenueDay]) -> list[Total]:
    """Sums by currency."""
    return [
        Total(
            currency=code,
            gross_minor=sum(day.gross_minor for day in days if day.currency == code),
            net_minor=sum(day.net_minor for day in days if day.currency == code),
        )
        for code in sorted({day.currency for day in days})
    ]


def _works(
    listings: Sequence[ListingSummary],
    numbers: Sequence[ListingAnalytics],
    earned: Sequence[ListingRevenue],
) -> list[Work]:
    """The works with the most visitors first, then as they came."""
    by_id = {one.listing_id: one for one in numbers}
    works = [
        Work(
            listing=listing,
            numbers=by_id.get(listing.id),
            earned=[one for one in earned if one.listing_id == listing.id],
        )
        for listing in listings
    ]
    return sorted(works, key=lambda work: -(work.numbers.numbers.views if work.numbers else 0))


ROUTES = [selling_page]
