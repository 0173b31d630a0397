"""The numbers of one listing, and all numbers as a file for a spreadsheet."""

import csv
import io
from decimal import Decimal

from litestar import Response, get

from souk.infra.postgres.uow import UnitOfWork
from souk.insight.analytics.api import AnalyticsReport
from souk.kernel.actor import Actor
from souk.kernel.money import currency
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

_COUNTS = (
    "views",
    "visitors",
    "clicks",
    "checkouts",
    "favourites",
    "downloads",
    "orders",
    "refunds",
)
_MONEY = ("gross", "net", "refunded")


@get("/selling/{listing_id:str}/analytics")
async def listing_numbers_page(
    listing_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Who looked at one work, where they came from, and what it brought in."""
    days = chosen_days(request)
    asked = days_back(uow.now.date(), days)
    report = await market.analytics_reports.of_listing(uow, actor, listing_id, asked)
    listing = await market.listings.get(uow, listing_id)
    path = f"/selling/{listing_id}/analytics"
    earned = [
        (
            point.starts_at.date(),
            point.earnings.currency,
            point.earnings.net_minor - point.earnings.refunded_minor,
        )
        for point in report.earnings_points
    ]
    charts = [
        counts_chart(report, key="visitors", title="Visitors by day", count=lambda n: n.visitors),
        *money_charts(earned, days=days_of(asked), title="Revenue by day"),
    ]
    return pages.answer(
        "pages/selling_listing.html",
        shell,
        here="/selling",
        listing=listing,
        days=days,
        day_choices=[(choice, with_query(path, {"days": str(choice)})) for choice in CHOICES],
        own_path=with_query(path, {"days": str(days)}),
        csv_path=with_query(f"/selling/{listing_id}/numbers.csv", {"days": str(days)}),
        report=report,
        charts=[chart for chart in charts if chart is not None],
    )


@get("/selling/numbers.csv")
async def numbers_file(
    request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Response[str]:
    """Every day of an organisation as CSV (RFC 4180)."""
    who = await acting(request, uow, actor, market)
    asked = days_back(uow.now.date(), chosen_days(request))
    report = await market.analytics_reports.of_organisation(uow, actor, who.organisation_id, asked)
    return _file(report)


@get("/selling/{listing_id:str}/numbers.csv")
async def listing_numbers_file(
    listing_id: str, request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Response[str]:
    """Every day of one listing as CSV (RFC 4180)."""
    asked = days_back(uow.now.date(), chosen_days(request))
    return _file(await market.analytics_reports.of_listing(uow, actor, listing_id, asked))


def _file(report: AnalyticsReport) -> Response[str]:
    codes = [money.currency for money in report.earnings]
    earned = {
        (point.starts_at, point.earnings.currency): point.earnings
        for point in report.earnings_points
    }
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(
        ["day", *_COUNTS, *(f"{name}_{code.lower()}" for code in codes for name in _MONEY)]
    )
    for point in report.points:
        amounts: list[str] = []
        for code in codes:
            found = earned.get((point.starts_at, code))
            for name in _MONEY:
                amounts.append(_amount(getattr(found, f"{name}_minor") if found else 0, code))
        counts = [getattr(point.numbers, name) for name in _COUNTS]
        rows.writerow([point.starts_at.date().isoformat(), *counts, *amounts])
    name = f"souk-numbers-{report.since}-{report.until}.csv"
    return Response(
        text.getvalue(),
        media_type="text/csv",
        headers={
            "content-disposition": f'attachment; filename="{name}"',
            "cache-control": "no-store, private",
        },
    )


def _amount(amount_minor: int, code: str) -> str:
    """A plain decimal number for a spreadsheet."""
    return f"{Decimal(amount_minor).scaleb(-currency(code).digits):f}"


ROUTES = [listing_numbers_page, numbers_file, listing_numbers_file]
