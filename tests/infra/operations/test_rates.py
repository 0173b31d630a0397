"""Rates from histograms, as Prometheus takes them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.infra.operations.rates import Sample, quantile_s, rates_between, take_sample
from souk.infra.telemetry.metrics import HTTP_SECONDS

BOUNDS = [0.01, 0.1, 1.0, math.inf]


def sample(at_s: float, cumulative: list[float], *, failed: float = 0) -> Sample:
    return Sample(
        at_s=at_s,
        count=cumulative[-1] if cumulative else 0,
        refused=0,
        failed=failed,
        bounds_s=BOUNDS if cumulative else [],
        cumulative=cumulative,
    )


def test_rates_are_the_difference_over_the_time_between() -> None:
    rates = rates_between(sample(10, [5, 9, 10, 10]), sample(12, [105, 109, 110, 110], failed=4))
    assert (rates.per_s, rates.failed_per_s, rates.total) == (50, 2, 110)
    assert rates.p50_ms == pytest.approx(5.0)
    assert rates.p99_ms == pytest.approx(9.9)


def test_nothing_asked_takes_no_time() -> None:
    rates = rates_between(sample(1, []), sample(2, []))
    assert (rates.per_s, rates.p99_ms, rates.total) == (0, 0, 0)


@given(st.lists(st.integers(0, 1000), min_size=4, max_size=4), st.floats(0.01, 1))
def test_a_quantile_lies_within_its_bucket(counts: list[int], share: float) -> None:
    cumulative = [float(sum(counts[: place + 1])) for place in range(4)]
    found = quantile_s(BOUNDS, cumulative, share)
    if not cumulative[-1]:
        assert found == 0
        return
    place = next(p for p, total in enumerate(cumulative) if total >= share * cumulative[-1])
    assert (BOUNDS[place - 1] if place else 0) <= found <= min(BOUNDS[place], 1.0)


def test_samples_sum_all_routes_and_sort_answers_by_status() -> None:
    before = take_sample()
    HTTP_SECONDS.labels("GET", "/a", "200").observe(0.001)
    HTTP_SECONDS.labels("GET", "/b", "404").observe(0.2)
    HTTP_SECONDS.labels("GET", "/b", "500").observe(99)
    after = take_sample()
    assert after.count - before.count == 3
    assert after.refused - before.refused == 1
    assert after.failed - before.failed == 1
