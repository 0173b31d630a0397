"""Over which days a seller looks at numbers, and numbers as charts draw them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Final

import msgspec

from souk.insight.analytics.api import AnalyticsReport, Range
from souk.kernel.money import currency
from souk.web.forms import PageRequest
from souk.web.words import money
from souk_client.contracts.analytics import TrafficNumbers

CHOICES: Final = (7, 30, 90)
DEFAULT_DAYS: Final = 30


class Bar(msgspec.Struct, frozen=True):
    """One day of a chart, and of the table behind it."""

    day: date
    value: int
    text: str


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """Bars with a name; `digits` is how many decimals the values have."""

    key: str
    title: str
    column: str
    digits: int
    bars: list[Bar]


def chosen_days(request: PageRequest) -> int:
    """The days of the address, if they are among the choices."""
    asked = request.query_params.get("days", "")
    return int(asked) if asked in map(str, CHOICES) else DEFAULT_DAYS


def days_back(today: date, days: int) -> Range:
    """The last so many days, today included."""
    return Range(since=today - timedelta(days=days - 1), until=today)


def counts_chart(
    report: AnalyticsReport, *, key: str, title: str, count: Callable[[TrafficNumbers], int]
) -> Chart | None:
    """A chart of counts by day; None where there is nothing to draw."""
    bars = [
        Bar(point.starts_at.date(), count(point.numbers), f"{count(point.numbers):,}")
        for point in report.points
    ]
    if not any(bar.value for bar in bars):
        return None
    return Chart(key=key, title=title, column=title, digits=0, bars=bars)


def money_charts(
    amounts: Iterable[tuple[date, str, int]], *, days: Sequence[date], title: str
) -> list[Chart]:
    """A chart a currency with a bar for each day, also for those without a sale."""
    found: dict[str, dict[date, int]] = {}
    for day, code, amount_minor in amounts:
        by_day = found.setdefault(code, {})
        by_day[day] = by_day.get(day, 0) + amount_minor
    return [
        Chart(
            key=code,
            title=f"{title}, {code}",
            column="Yours",
            digits=currency(code).digits,
            bars=[Bar(day, by_day.get(day, 0), money(by_day.get(day, 0), code)) for day in days],
        )
        for code, by_day in sorted(found.items())
    ]


def days_of(asked: Range) -> list[date]:
    """Every day of a range that names its first and last."""
    assert asked.since is not None and asked.until is not None
    count = (asked.until - asked.since).days + 1
    return [asked.since + timedelta(days=number) for number in range(count)]
