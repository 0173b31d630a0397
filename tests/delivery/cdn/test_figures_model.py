"""Costs, forecasts and limits by rule."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.delivery.cdn.alert_model import Limit, Open, is_sound, step
from souk.delivery.cdn.figures_model import GB, HOME, Price, Prices, UsageRow, served
from souk.delivery.cdn.forecast_model import outlook

NOW = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)


def row(region: str, sent: int, hit: int) -> UsageRow:
    return UsageRow(
        node_id=f"nod_{region}",
        region=region,
        organisation_id="org",
        requests=4,
        errors=1,
        bytes_sent=sent,
        hit_bytes=hit,
        latency=[0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0],
    )


def test_what_was_served_has_a_cost_and_saves_homes_own_line() -> None:
    prices = Prices(
        {
            HOME: Price(egress_micros_per_gb=90_000, hour_micros=0),
            "eu-west": Price(egress_micros_per_gb=20_000, hour_micros=6_000),
        }
    )
    found = served(
        [row("eu-west", 10 * GB, 8 * GB)],
        key="all",
        region="",
        seconds=100,
        prices=prices,
        minutes={"eu-west": 30},
    )
    assert found.cost_micros == 10 * 20_000 + 3_000
    assert found.saving_micros == 8 * 90_000 - 203_000
    assert (found.hit_ratio, found.error_ratio) == (0.8, 0.25)
    assert (found.p50_ms, found.p95_ms, found.bytes_per_s) == (5, 100, GB // 10)
    free = served([], key="x", region="", seconds=1, prices=Prices({}), minutes={})
    assert (free.cost_micros, free.saving_micros, free.p50_ms, free.hit_ratio) == (None,) * 4


@given(st.lists(st.integers(0, 10**13), min_size=1, max_size=5), st.integers(0, 10**9))
def test_costs_are_exact_to_half_a_millionth_each(sizes: list[int], price: int) -> None:
    prices = Prices({"eu-west": Price(egress_micros_per_gb=price, hour_micros=0)})
    for size in sizes:
        assert abs(prices.egress("eu-west", size) * GB - size * price) * 2 <= GB
    assert prices.egress("elsewhere", sizes[0]) == 0


def history(hours: int, value: object) -> dict[datetime, float]:
    first = NOW.replace(minute=0) - timedelta(hours=hours)
    assert callable(value)
    return {first + timedelta(hours=at): float(value(at)) for at in range(hours)}


def test_without_a_day_there_is_no_forecast() -> None:
    assert outlook({}, now=NOW, hours=5).method == "none"
    assert outlook(history(23, lambda at: at), now=NOW, hours=5).bands == []


@given(st.floats(0, 1e9), st.floats(0, 1e6))
def test_a_straight_line_goes_on(level: float, slope: float) -> None:
    found = outlook(history(48, lambda at: level + slope * at), now=NOW, hours=24)
    assert found.method == "trend"
    for ahead, band in enumerate(found.bands, start=1):
        wanted = level + slope * (48 + ahead)
        assert band.middle == pytest.approx(wanted, rel=1e-6, abs=1e-3)
        assert band.low <= band.middle <= band.high


def test_the_hours_of_the_day_come_back() -> None:
    def wave(at: int) -> float:
        hour = (NOW.hour - 24 * 7 + at) % 24
        return 100 + 50 * math.sin(hour / 24 * 2 * math.pi)

    found = outlook(history(24 * 7, wave), now=NOW, hours=24)
    assert found.method == "trend_and_day"
    for band in found.bands:
        wanted = 100 + 50 * math.sin(band.at.hour / 24 * 2 * math.pi)
        assert band.middle == pytest.approx(wanted, rel=1e-6)
        assert band.low - 1 <= wanted <= band.high + 1


@given(st.lists(st.floats(0, 1e6), min_size=24, max_size=120))
def test_a_forecast_is_never_negative_and_its_interval_only_widens(values: list[float]) -> None:
    found = outlook(history(len(values), lambda at: values[at]), now=NOW, hours=48)
    assert len(found.bands) == 48
    for band in found.bands:
        assert 0 <= band.low <= band.middle <= band.high


LIMIT = Limit(above=True, threshold=10, clear_at=8, for_s=60)


def test_a_limit_is_told_of_when_it_lasts_and_is_over_only_past_the_gap() -> None:
    assert step(LIMIT, None, 10, now=NOW) is None
    assert step(LIMIT, None, 11, now=NOW) == "pending"
    early = Open(raised=False, since=NOW - timedelta(seconds=59))
    late = Open(raised=False, since=NOW - timedelta(seconds=60))
    assert step(LIMIT, early, 11, now=NOW) == "pending"
    assert step(LIMIT, early, 9, now=NOW) is None
    assert step(LIMIT, late, 11, now=NOW) == "raised"
    raised = Open(raised=True, since=NOW)
    assert step(LIMIT, raised, 9, now=NOW) == "raised"
    assert step(LIMIT, raised, 8, now=NOW) == "cleared"
    below = Limit(above=False, threshold=2, clear_at=3, for_s=0)
    assert step(below, None, 1, now=NOW) == "raised"
    assert step(below, raised, 2.5, now=NOW) == "raised"
    assert step(below, raised, 3, now=NOW) == "cleared"
    assert not is_sound(Limit(above=False, threshold=2, clear_at=1, for_s=0))


@given(st.booleans(), st.lists(st.none() | st.floats(7.9, 10.5), max_size=40))
def test_what_hovers_about_a_limit_is_told_of_once(
    raised: bool, values: list[float | None]
) -> None:
    before: Open | None = Open(raised=raised, since=NOW)
    changes = 0
    for at, value in enumerate(values):
        found = step(LIMIT, before, value, now=NOW + timedelta(seconds=at))
        if value is None and before is not None:
            assert found == ("raised" if before.raised else "pending")
        crossed = value is not None and (value <= 8 or value > 10)
        if found in {"raised", "cleared"} and (
            before is None or not before.raised or found != "raised"
        ):
            assert crossed
            changes += 1
        before = None if found in {None, "cleared"} else before or Open(raised=False, since=NOW)
        if found == "raised":
            before = Open(raised=True, since=NOW)
