"""Requests a second and their times, from the metrics that all HTTP processes share.

Each process writes its counters into a file of its own; a sample sums the files, so it is of all
processes, whichever of them looks. A rate is the difference of two samples.
"""

import asyncio
import math
import os
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
from prometheus_client.multiprocess import MultiProcessCollector

from souk.infra.operations.api import RequestRates
from souk.infra.telemetry.metrics import HTTP_SECONDS

WINDOW_S: Final = 10.0
FRESH_S: Final = 0.4
"""How long a sample serves everybody who looks."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """What had been counted at one moment."""

    at_s: float
    count: float
    refused: float
    failed: float
    bounds_s: list[float]
    cumulative: list[float]
    """Requests that took at most the bound, by bound."""


class RateMeter:
    """Keeps the samples of the last seconds, taken when somebody looks."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque()
        self._looking = asyncio.Lock()

    async def look(self) -> RequestRates | None:
        """The rates now; None when there is nothing to compare with yet."""
        async with self._looking:
            if not self._samples or time.monotonic() - self._samples[-1].at_s >= FRESH_S:
                self._samples.append(await asyncio.to_thread(take_sample))
            newest = self._samples[-1]
            while len(self._samples) > 2 and newest.at_s - self._samples[1].at_s >= WINDOW_S:
                self._samples.popleft()
            oldest = self._samples[0]
        return rates_between(oldest, newest) if newest.at_s > oldest.at_s else None


def take_sample() -> Sample:
    """Reads and sums the counters of all processes."""
    counted: dict[float, float] = {}
    by_class = {"4": 0.0, "5": 0.0}
    at_s = time.monotonic()
    for one in _bucket_samples():
        bound = float(one.labels["le"])
        counted[bound] = counted.get(bound, 0.0) + one.value
        status_class = one.labels["status"][:1]
        if math.isinf(bound) and status_class in by_class:
            by_class[status_class] += one.value
    bounds = sorted(counted)
    return Sample(
        at_s=at_s,
        count=counted.get(math.inf, 0.0),
        refused=by_class["4"],
        failed=by_class["5"],
        bounds_s=bounds,
        cumulative=[counted[bound] for bound in bounds],
    )


def _bucket_samples() -> Iterable[Any]:  # the library has no types here
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder is None:
        metrics: Iterable[Any] = HTTP_SECONDS.collect()
    else:
        files = [str(path) for path in Path(folder).glob("histogram_*.db")]
        metrics = MultiProcessCollector.merge(files, accumulate=True)  # type: ignore[no-untyped-call]
    return [
        sample
        for metric in metrics
        for sample in metric.samples
        if sample.name == "souk_http_request_seconds_bucket"
    ]


def rates_between(older: Sample, newer: Sample) -> RequestRates:
    """What happened between two samples."""
    over_s = newer.at_s - older.at_s
    before = dict(zip(older.bounds_s, older.cumulative, strict=True))
    during = [
        total - before.get(bound, 0.0)
        for bound, total in zip(newer.bounds_s, newer.cumulative, strict=True)
    ]
    return RequestRates(
        over_s=over_s,
        per_s=max(0.0, newer.count - older.count) / over_s,
        refused_per_s=max(0.0, newer.refused - older.refused) / over_s,
        failed_per_s=max(0.0, newer.failed - older.failed) / over_s,
        p50_ms=quantile_s(newer.bounds_s, during, 0.5) * 1000,
        p99_ms=quantile_s(newer.bounds_s, during, 0.99) * 1000,
        total=int(newer.count),
    )


def quantile_s(bounds_s: list[float], cumulative: list[float], share: float) -> float:
    """The time that this share of requests took at most, linear within its bucket.

    As Prometheus' `histogram_quantile` does it; 0 without any request.
    """
    if not cumulative or cumulative[-1] <= 0:
        return 0.0
    wanted = share * cumulative[-1]
    place = bisect_left(cumulative, wanted)
    low = bounds_s[place - 1] if place else 0.0
    if math.isinf(bounds_s[place]):
        return low
    below = cumulative[place - 1] if place else 0.0
    inside = cumulative[place] - below
    return low + (bounds_s[place] - low) * ((wanted - below) / inside if inside else 1.0)
