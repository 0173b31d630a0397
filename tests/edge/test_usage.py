"""Figures: every answer is counted once, however often home does not hear of it."""

from souk.edge.clock import HomeClock
from souk.edge.protocol import LATENCY_MS
from souk.edge.usage import Served, Usage


def served(organisation: str, *, size: int = 100, hit: int = 0, seconds: float = 0.004) -> Served:
    return Served(
        organisation_id=organisation,
        bytes_sent=size,
        hit_bytes=hit,
        first_byte_s=seconds,
        failed=False,
    )


def test_answers_are_added_up_by_minute_and_seller() -> None:
    usage = Usage(first_number=7)
    usage.count(served("a"), now_s=59)
    usage.count(served("a", hit=100, seconds=9), now_s=61)
    usage.count(served("a", hit=50), now_s=119)
    usage.count(served("b"), now_s=119)
    batch = usage.batch()
    assert batch is not None and batch.number == 8
    found = {(line.minute, line.organisation_id): line for line in batch.lines}
    assert set(found) == {(0, "a"), (60, "a"), (60, "b")}
    assert (found[60, "a"].requests, found[60, "a"].bytes_sent) == (2, 200)
    assert found[60, "a"].hit_bytes == 150
    assert found[60, "a"].latency[LATENCY_MS.index(5)] == 1
    assert found[60, "a"].latency[-1] == 1


def test_a_batch_is_the_same_until_it_is_confirmed() -> None:
    usage = Usage(first_number=0)
    assert usage.batch() is None
    usage.count(served("a"), now_s=0)
    first = usage.batch()
    usage.count(served("a"), now_s=0)
    assert usage.batch() == first
    usage.confirmed(0)
    assert usage.batch() == first
    usage.confirmed(1)
    second = usage.batch()
    assert second is not None and second.number == 2
    assert second.lines[0].requests == 1


def test_a_node_with_a_wrong_clock_goes_by_homes() -> None:
    clock = HomeClock(own=lambda: 1000.0)
    assert clock.now_s() == 1000
    clock.hear(5000.0, sent_s=999.0, received_s=1001.0)
    assert clock.now_s() == 5000
