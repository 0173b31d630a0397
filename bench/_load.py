"""Load on an HTTP server: an open loop with scheduled arrivals, a closed loop, a saturation search.

In the open loop, requests are due at times fixed beforehand, whatever the server does, and a
latency counts from the time a request was due. A server that stalls so delays every request that
was due meanwhile, and all of them show: no coordinated omission. asyncio wakes up to a millisecond
late; that, too, is counted, and stated as `lag`.
"""

import asyncio
import gc
import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench._http import Answer, Connection, Request, Target
from bench._stats import Percentiles, format_duration, percentiles

RequestMaker = Callable[[int], Request]
"""Gives the request of a sequence number; numbers never repeat within one load."""

DEFAULT_CONNECTIONS: Final = 64
DEFAULT_TIMEOUT_S: Final = 10.0
BISECTIONS: Final = 4


def any_success(answer: Answer) -> bool:
    """Every 2xx status is a success."""
    return 200 <= answer.status < 300


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a load measured; rates are per second, times in seconds."""

    offered_per_s: float
    answered_per_s: float
    latency: Percentiles
    lag: Percentiles
    failures: dict[str, int]
    elapsed_s: float
    body_bytes: int

    @property
    def failure_count(self) -> int:
        """Requests without the expected answer."""
        return sum(self.failures.values())

    def __str__(self) -> str:
        failed = f", {self.failure_count} failed {self.failures}" if self.failures else ""
        return f"{self.answered_per_s:,.0f}/s, {self.latency}{failed}"


@dataclass(slots=True)
class _Tally:
    latencies: list[float] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    body_bytes: int = 0
    last_answer_at: float = 0.0


async def open_loop(
    target: Target,
    make_request: RequestMaker,
    *,
    rate_per_s: float,
    duration_s: float,
    warmup_s: float = 1.0,
    connections: int = DEFAULT_CONNECTIONS,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    is_success: Callable[[Answer], bool] = any_success,
    seed: int | None = None,
    first_number: int = 0,
) -> LoadResult:
    """Offers `rate_per_s` requests a second for `duration_s`, after an unmeasured warm-up.

    Arrivals are evenly spaced; with a `seed` they are Poisson arrivals instead (bursts, as from
    many independent users). When every connection is busy, a due request waits, and its wait
    counts.
    """
    numbers = itertools.count(first_number)
    warmup = _arrivals(rate_per_s, warmup_s, seed)
    measured = _arrivals(rate_per_s, duration_s, None if seed is None else seed + 1)
    pool = [Connection(target) for _ in range(connections)]
    try:
        await _offer(pool, make_request, numbers, warmup, timeout_s, is_success)
        with _without_garbage_collection():
            started = time.perf_counter()
            tally = await _offer(pool, make_request, numbers, measured, timeout_s, is_success)
        elapsed = max(duration_s, tally.last_answer_at - started)
    finally:
        for connection in pool:
            connection.close()
    return _result(tally, offered_per_s=len(measured) / duration_s, elapsed_s=elapsed)


async def closed_loop(
    target: Target,
    make_request: RequestMaker,
    *,
    connections: int,
    duration_s: float,
    warmup_s: float = 1.0,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    is_success: Callable[[Answer], bool] = any_success,
    first_number: int = 0,
) -> LoadResult:
    """As many requests as `connections` callers get through, each sending after its last answer.

    This measures throughput. Its latencies are those of callers who wait their turn, so a stall
    shows once a caller and not in full: for latencies use `open_loop`.
    """
    numbers = itertools.count(first_number)
    pool = [Connection(target) for _ in range(connections)]

    async def caller(connection: Connection, tally: _Tally, until: float) -> None:
        while (due := time.perf_counter()) < until:
            request = make_request(next(numbers))
            await _send(connection, request, due, tally, timeout_s, is_success)

    try:
        for length_s in (warmup_s, duration_s):
            tally, started = _Tally(), time.perf_counter()
            callers = (caller(connection, tally, started + length_s) for connection in pool)
            await asyncio.gather(*callers)
            elapsed = time.perf_counter() - started
    finally:
        for connection in pool:
            connection.close()
    rate = len(tally.latencies) / elapsed
    return _result(tally, offered_per_s=rate, elapsed_s=elapsed)


@dataclass(frozen=True, slots=True)
class Saturation:
    """The highest offered rate the server kept up with, and every rate that was tried."""

    best: LoadResult | None
    tried: tuple[tuple[float, LoadResult, bool], ...]

    @property
    def rate_per_s(self) -> float:
        """The rate the server answered at its best; 0 when it kept up with none."""
        return self.best.answered_per_s if self.best else 0.0


async def find_saturation(
    target: Target,
    make_request: RequestMaker,
    *,
    p99_limit_s: float,
    start_rate_per_s: float,
    max_rate_per_s: float = 50_000,
    step_s: float = 5.0,
    connections: int = DEFAULT_CONNECTIONS,
    is_success: Callable[[Answer], bool] = any_success,
    report: Callable[[str], None] | None = None,
    first_number: int = 0,
) -> Saturation:
    """Searches the highest open-loop rate with p99 within the limit and not one failure.

    A server that falls behind is found by its growing latencies and by the last answer's lateness.
    Doubles the rate until the server no longer keeps up, then bisects.
    """
    tried: list[tuple[float, LoadResult, bool]] = []
    numbers = itertools.count(first_number)

    async def keeps_up(rate: float) -> bool:
        result = await open_loop(
            target,
            lambda _number: make_request(next(numbers)),
            rate_per_s=rate,
            duration_s=step_s,
            warmup_s=min(1.0, step_s / 4),
            connections=connections,
            is_success=is_success,
        )
        kept = (
            result.latency.p99 <= p99_limit_s
            and result.elapsed_s <= step_s + p99_limit_s
            and not result.failures
        )
        tried.append((rate, result, kept))
        if report:
            report(f"{rate:,.0f}/s offered: {result} {'kept up' if kept else 'did not keep up'}")
        return kept

    low, high = 0.0, start_rate_per_s
    while high <= max_rate_per_s and await keeps_up(high):
        low, high = high, high * 2
    if high <= max_rate_per_s:
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            low, high = (middle, high) if await keeps_up(middle) else (low, middle)
    kept_results = [(rate, result) for rate, result, kept in tried if kept]
    best = max(kept_results, key=lambda item: item[0])[1] if kept_results else None
    return Saturation(best, tuple(tried))


def _arrivals(rate_per_s: float, duration_s: float, seed: int | None) -> Sequence[float]:
    """When each request is due, in seconds from the start."""
    if seed is None:
        return [number / rate_per_s for number in range(round(rate_per_s * duration_s))]
    random_source = random.Random(seed)
    times: list[float] = []
    now = random_source.expovariate(rate_per_s)
    while now < duration_s:
        times.append(now)
        now += random_source.expovariate(rate_per_s)
    return times


async def _offer(
    pool: Sequence[Connection],
    make_request: RequestMaker,
    numbers: Iterator[int],
    arrivals: Sequence[float],
    timeout_s: float,
    is_success: Callable[[Answer], bool],
) -> _Tally:
    tally, started, upcoming = _Tally(), time.perf_counter(), iter(arrivals)

    async def caller(connection: Connection) -> None:
        for arrival in upcoming:
            request = make_request(next(numbers))
            due = started + arrival
            await _until(due)
            await _send(connection, request, due, tally, timeout_s, is_success)

    await asyncio.gather(*(caller(connection) for connection in pool))
    return tally


async def _until(due: float) -> None:
    if (wait_s := due - time.perf_counter()) > 0:
        await asyncio.sleep(wait_s)


async def _send(
    connection: Connection,
    request: Request,
    due: float,
    tally: _Tally,
    timeout_s: float,
    is_success: Callable[[Answer], bool],
) -> None:
    sent = time.perf_counter()
    try:
        async with asyncio.timeout(timeout_s):
            answer = await connection.send(request)
    except OSError as error:  # asyncio's timeout is one, too
        tally.failures[type(error).__name__] += 1
    else:
        if is_success(answer):
            tally.answered += 1
            tally.body_bytes += len(answer.body)
        else:
            tally.failures[f"status {answer.status}"] += 1
    now = time.perf_counter()
    tally.latencies.append(now - due)
    tally.lags.append(sent - due)
    tally.last_answer_at = now


class _without_garbage_collection:  # noqa: N801 - reads as the statement it is
    """The generator's own collector pauses must not be measured as the server's."""

    def __enter__(self) -> None:
        gc.collect()
        gc.disable()

    def __exit__(self, *_exception: object) -> None:
        gc.enable()


def _result(tally: _Tally, *, offered_per_s: float, elapsed_s: float) -> LoadResult:
    return LoadResult(
        offered_per_s=offered_per_s,
        answered_per_s=tally.answered / elapsed_s,
        latency=percentiles(tally.latencies),
        lag=percentiles(tally.lags),
        failures=dict(tally.failures),
        elapsed_s=elapsed_s,
        body_bytes=tally.body_bytes,
    )


def describe(result: LoadResult) -> str:
    """One line for a terminal, with how late the generator itself was."""
    return f"{result} (generator's own lag p99 {format_duration(result.lag.p99)})"
