"""The seller's dashboard: revenue, works, sales."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import msgspec
from litestar import Response, get

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.money import currency
from souk.web.forms import PageRequest
from souk.web.market import Market
from souk.web.pages.acting import acting
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.commerce import RevenueDay

DAYS: Final = 30
LATEST_SALES: Final = 10
MAX_WORKS: Final = 100


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """What a currency brought in over the whole time shown."""

    currency: str
    gross_minor: int
    net_minor: int


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """One currency, every day of the time shown, days without a sale too."""

    currency: str
    digits: int
    days: list[RevenueDay]


@get("/selling")
async def selling_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """What the organisation's works brought in, and how they stand."""
    who = await acting(request, uow, actor, market)
    revenue = await market.revenue.revenue(
        uow, actor, organisation_id=who.organisation_id, days=DAYS
    )
    works = await market.listings.of_organisation(uow, who.organisation_id, limit=MAX_WORKS)
    sales = await market.orders.page(
        uow,
        actor,
        organisation_id=who.organisation_id,
        side="seller",
        cursor=None,
        limit=LATEST_SALES,
    )
    states = [work.state for work in works.items]
    return pages.answer(
        "pages/selling.html",
        shell,
        here="/selling",
        who=who,
        days=DAYS,
        totals=totals(revenue.days),
        order_count=sum(day.orders for day in revenue.days),
        published_count=states.count("published"),
        draft_count=states.count("draft"),
        charts=charts(revenue.days, today=uow.now.date()),
        listings=works.items,
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


def charts(days: Sequence[RevenueDay], *, today: date) -> list[Chart]:
    """A chart a currency with a bar for each of the last `DAYS` days."""
    found: defaultdict[str, dict[date, RevenueDay]] = defaultdict(dict)
    for day in days:
        found[day.currency][day.day] = day
    shown = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    return [
        Chart(
            currency=code,
            digits=currency(code).digits,
            days=[by_day.get(one) or _quiet_day(one, code) for one in shown],
        )
        for code, by_day in sorted(found.items())
    ]


def _quiet_day(day: date, code: str) -> RevenueDay:
    return RevenueDay(day=day, currency=code, orders=0, gross_minor=0, net_minor=0)


ROUTES = [selling_page]
