"""Percentiles of every single measured value: no buckets, no sampling."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Latencies in seconds, by nearest rank; `count` values."""

    count: int
    p50: float
    p90: float
    p99: float
    p999: float
    max: float

    def __str__(self) -> str:
        return (
            f"p50 {format_duration(self.p50)}, p99 {format_duration(self.p99)}, "
            f"max {format_duration(self.max)}"
        )


def percentiles(values_s: Sequence[float]) -> Percentiles:
    """Percentiles of durations in seconds.

    Raises:
        ValueError: there are no values.
    """
    if not values_s:
        raise ValueError("no values: nothing was measured")
    ordered = sorted(values_s)

    def rank(share: float) -> float:
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

    return Percentiles(
        count=len(ordered),
        p50=rank(0.5),
        p90=rank(0.9),
        p99=rank(0.99),
        p999=rank(0.999),
        max=ordered[-1],
    )


def format_duration(seconds: float) -> str:
    """For people, three digits: `412 ns`, `3.50 µs`, `12.3 ms`, `1.20 s`."""
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= size:
            return f"{_three_digits(seconds / size)} {unit}"
    return f"{_three_digits(seconds * 1e9)} ns"


def _three_digits(value: float) -> str:
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
