"""The load generator measures what users would feel: stalls show, rates are honest."""

import asyncio
import itertools

import pytest
from bench._harness import LoadResult, Request, Target, closed_loop, find_saturation, open_loop
from bench._load import _arrivals

from tests.bench.server import TinyServer, tiny_server

# What is measured here is time itself: nothing else may run beside it.
pytestmark = pytest.mark.alone

STALL_S = 0.4


def _request(_number: int) -> Request:
    return Request("/")


async def _stall(server: TinyServer, after_s: float) -> None:
    await asyncio.sleep(after_s)
    server.open.clear()
    await asyncio.sleep(STALL_S)
    server.open.set()


async def test_a_stall_shows_in_the_open_loop_for_every_request_that_was_due() -> None:
    server = TinyServer()
    async with tiny_server(server) as target:
        stall = asyncio.create_task(_stall(server, 0.4))
        result = await open_loop(
            target, _request, rate_per_s=200, duration_s=1.0, warmup_s=0.1, connections=4
        )
        await stall
    # 80 of 200 requests fall due in the stall, evenly: a tenth of all waits 0.2 s or longer.
    assert result.latency.count == 200
    assert result.latency.p90 > STALL_S / 2
    assert STALL_S * 0.9 < result.latency.max < STALL_S + 2
    assert result.latency.p50 < STALL_S / 4
    assert not result.failures


async def test_the_closed_loop_hides_that_stall_which_is_why_latencies_are_open_loop() -> None:
    server = TinyServer(service_s=0.005)
    async with tiny_server(server) as target:
        stall = asyncio.create_task(_stall(server, 0.4))
        result = await closed_loop(target, _request, connections=1, duration_s=1.0, warmup_s=0.1)
        await stall
    assert result.latency.p90 < STALL_S / 4
    assert result.latency.max > STALL_S * 0.9


async def test_offers_the_rate_it_was_told() -> None:
    server = TinyServer()
    async with tiny_server(server) as target:
        result = await open_loop(target, _request, rate_per_s=300, duration_s=1.0, warmup_s=0.2)
    assert result.offered_per_s == pytest.approx(300)
    assert result.answered_per_s == pytest.approx(300, rel=0.05)
    assert len(server.seen) == 300 + 60
    assert result.body_bytes == 2 * 300


async def test_a_slow_server_is_reported_slower_than_the_offer_and_waits_add_up() -> None:
    async with tiny_server(TinyServer(service_s=0.02)) as target:
        result = await open_loop(
            target, _request, rate_per_s=100, duration_s=1.0, warmup_s=0.0, connections=1
        )
    assert result.answered_per_s < 55
    assert result.latency.max > 0.8
    assert result.lag.max > 0.8


async def test_numbers_never_repeat_so_that_keys_are_fresh() -> None:
    server = TinyServer()
    async with tiny_server(server) as target:
        await open_loop(
            target,
            lambda number: Request(f"/{number}"),
            rate_per_s=100,
            duration_s=0.5,
            warmup_s=0.2,
            first_number=1000,
        )
    assert sorted(seen.path for seen in server.seen) == [f"/{1000 + n}" for n in range(70)]


async def test_failures_are_counted_by_what_they_were() -> None:
    reply = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
    async with tiny_server(TinyServer(reply=reply)) as target:
        refused = await closed_loop(target, _request, connections=2, duration_s=0.1, warmup_s=0.01)
    assert refused.failures.keys() == {"status 503"}
    assert refused.answered_per_s == 0

    server = TinyServer()
    async with tiny_server(server) as target:
        server.open.clear()
        hung = await open_loop(
            target, _request, rate_per_s=10, duration_s=0.3, warmup_s=0, timeout_s=0.05
        )
        server.open.set()
    assert hung.failures == {"TimeoutError": 3}

    nobody = await open_loop(Target("127.0.0.1", 1), _request, rate_per_s=10, duration_s=0.2)
    assert nobody.failures == {"ConnectionRefusedError": 2}


@pytest.mark.slow
async def test_finds_the_rate_a_server_can_bear() -> None:
    # Four connections, 20 ms each: 200 a second and no more.
    lines: list[str] = []
    async with tiny_server(TinyServer(service_s=0.02)) as target:
        saturation = await find_saturation(
            target,
            _request,
            p99_limit_s=0.1,
            start_rate_per_s=50,
            step_s=0.6,
            connections=4,
            report=lines.append,
        )
    assert 120 <= saturation.rate_per_s <= 205
    assert isinstance(saturation.best, LoadResult)
    assert any(not kept for _, _, kept in saturation.tried)
    assert len(lines) == len(saturation.tried)


def test_poisson_arrivals_are_the_same_for_a_seed_and_near_the_rate() -> None:
    first, again = _arrivals(1000, 5.0, 42), _arrivals(1000, 5.0, 42)
    assert first == again
    assert len(first) == pytest.approx(5000, rel=0.05)
    gaps = [later - earlier for earlier, later in itertools.pairwise(first)]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert spread == pytest.approx(mean, rel=0.1)
