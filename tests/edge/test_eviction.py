"""What stays in a cache: never more than fits, and a scan does not wash out what is asked for."""

import random

import hypothesis.strategies as st
import pytest
from hypothesis import given

from souk.edge.eviction import Eviction, Lru, S3Fifo

LIMIT = 1000


def policies() -> list[Eviction[int]]:
    return [S3Fifo[int](LIMIT), Lru[int](LIMIT)]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "remove", "shrink"]), st.integers(0, 30), st.integers(0, 1200)
    ),
    max_size=200,
)


@pytest.mark.parametrize("which", [0, 1])
@given(steps=STEPS)
def test_the_account_is_right_after_every_step(
    which: int, steps: list[tuple[str, int, int]]
) -> None:
    policy = policies()[which]
    held: dict[int, int] = {}
    for step, key, size in steps:
        if step == "ask":
            assert policy.touch(key) == (key in held)
            if key not in held:
                gone = policy.add(key, size)
                held[key] = size
                for one in gone:
                    del held[one]
        elif step == "remove":
            policy.remove(key)
            held.pop(key, None)
        else:
            for one in policy.shrink(size):
                del held[one]
        assert policy.used_bytes == sum(held.values()) <= LIMIT


def hit_ratio(policy: Eviction[int], trace: list[int]) -> float:
    hits = 0
    for key in trace:
        if policy.touch(key):
            hits += 1
        else:
            policy.add(key, 1)
    return hits / len(trace)


def zipf_with_scans(seed: int) -> list[int]:
    """Popular things with a long tail, and now and then everything of a large folder once."""
    chance = random.Random(seed)
    population = range(5000)
    weights = [1 / (rank + 1) ** 0.9 for rank in population]
    trace: list[int] = []
    for part in range(8):
        trace += chance.choices(population, weights, k=5000)
        trace += range(10_000 + part * 2000, 12_000 + part * 2000)
    return trace


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_keeps_more_of_what_is_asked_for_than_lru_does(seed: int) -> None:
    trace = zipf_with_scans(seed)
    assert hit_ratio(S3Fifo[int](500), trace) > hit_ratio(Lru[int](500), trace) + 0.02


def test_what_is_larger_than_the_cache_is_not_kept() -> None:
    for policy in policies():
        assert policy.add(1, LIMIT + 1) == [1]
        assert not policy.touch(1)
