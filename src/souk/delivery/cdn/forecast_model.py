"""A forecast of hourly figures: a straight line, and a profile of the hours of the day. Pure.

Ordinary least squares on the hours that were measured: one slope, and with three days or more a
level for each hour of the day instead of one for all. The interval is that of a prediction by a
straight line with normal residuals (Montgomery, Peck, Vining, "Introduction to Linear Regression
Analysis", section 2.5), 1.96 standard deviations wide to either side.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

DAY_HOURS: Final = 24
PROFILE_HOURS: Final = 3 * DAY_HOURS
_Z: Final = 1.96
Method = Literal["trend_and_day", "trend", "none"]


class Band(msgspec.Struct, frozen=True):
    """What one hour to come will be."""

    at: datetime
    low: float
    middle: float
    high: float


class Outlook(msgspec.Struct, frozen=True):
    """Hours to come; none without enough history."""

    method: Method
    hours: int
    bands: list[Band]


def outlook(history: Mapping[datetime, float], *, now: datetime, hours: int) -> Outlook:
    """The next `hours` hours.

    Args:
        history: values of whole hours; an hour between the first and the last that is not there
            counts as 0.
    """
    values = _filled(history)
    count = len(values)
    if count < DAY_HOURS:
        return Outlook("none", count, [])
    first = min(history)
    method: Method = "trend_and_day" if count >= PROFILE_HOURS else "trend"
    groups = DAY_HOURS if method == "trend_and_day" else 1
    slope, levels = _fitted(values, [(first.hour + at) % groups for at in range(count)], groups)

    def fitted(at: float, hour: int) -> float:
        return levels[hour % groups] + slope * at

    left = [one - fitted(at, first.hour + at) for at, one in enumerate(values)]
    freedom = max(1, count - 1 - groups)
    scatter = math.sqrt(sum(one * one for one in left) / freedom)
    middle_at = (count - 1) / 2
    spread = count * (count * count - 1) / 12
    start = now.replace(minute=0, second=0, microsecond=0)
    bands = []
    for step in range(1, hours + 1):
        when = start + timedelta(hours=step)
        at = (when - first) / timedelta(hours=1)
        value = fitted(at, when.hour)
        wide = _Z * scatter * math.sqrt(1 + 1 / count + (at - middle_at) ** 2 / spread)
        bands.append(Band(when, max(0.0, value - wide), max(0.0, value), max(0.0, value + wide)))
    return Outlook(method, count, bands)


def _filled(history: Mapping[datetime, float]) -> list[float]:
    if not history:
        return []
    first, last = min(history), max(history)
    hours = round((last - first) / timedelta(hours=1)) + 1
    return [history.get(first + timedelta(hours=at), 0.0) for at in range(hours)]


def _fitted(
    values: Sequence[float], group_of: Sequence[int], groups: int
) -> tuple[float, list[float]]:
    """One slope for all, and a level for each group, by least squares (the within estimator)."""
    at_of: list[list[int]] = [[] for _ in range(groups)]
    for at, group in enumerate(group_of):
        at_of[group].append(at)
    middles = [sum(some) / len(some) for some in at_of]
    means = [sum(values[at] for at in some) / len(some) for some in at_of]
    spread = sum((at - middles[group]) ** 2 for at, group in enumerate(group_of))
    slope = (
        sum(
            (at - middles[group]) * (values[at] - means[group]) for at, group in enumerate(group_of)
        )
        / spread
    )
    return slope, [mean - slope * middle for mean, middle in zip(means, middles, strict=True)]
