"""What an edge node keeps: S3-FIFO beside LRU, on traces with popular files, a tail, and scans."""

import random
from typing import Final

from bench._harness import Line, Section, Table
from souk.edge.eviction import Eviction, Lru, S3Fifo

POPULATION: Final = 20_000
SIZES: Final = (0.01, 0.05, 0.1, 0.2)
"""Of the population."""
SEED: Final = 17
HOW: Final = """
Both policies see the same traces of slices of one size. *Zipf*: requests by popularity (exponent
0.9), the popular ones changing slowly. *Zipf and scans*: after every 20,000 such requests somebody
fetches 5,000 slices that nobody has asked for before, each once (a backup, a crawler, a whole
data set). *Loops*: the same, and one set of 3,000 slices is read from end to end again and again.
Ratios are hits by requests, the scans' own requests left out: nobody could have had those.
"""


def run(*, quick: bool) -> Section:
    """Replays each trace through both policies at several sizes of cache."""
    rounds = 3 if quick else 12
    traces = {
        "Zipf": _trace(rounds, scans=False, loops=False),
        "Zipf and scans": _trace(rounds, scans=True, loops=False),
        "loops and scans": _trace(rounds, scans=True, loops=True),
    }
    rows = []
    worst = float("inf")
    for name, trace in traces.items():
        for share in SIZES:
            limit = int(POPULATION * share)
            ours = _hit_ratio(S3Fifo[int](limit), trace)
            lru = _hit_ratio(Lru[int](limit), trace)
            worst = min(worst, ours / lru)
            rows.append((name, f"{share:.0%}", f"{ours:.1%}", f"{lru:.1%}", f"{ours / lru:.2f}"))
    return Section(
        title="CDN: what stays in a cache",
        how=HOW,
        lines=[
            Line(
                what="hit ratio of S3-FIFO by that of LRU, the worst of all traces and sizes",
                measured=f"{worst:.2f}",
                promised="≥ 1",
                reached=worst >= 1.0,
                beside="LRU, same run",
            )
        ],
        tables=[
            Table(
                title="Hit ratios",
                columns=("trace", "cache by population", "S3-FIFO", "LRU", "ratio"),
                rows=rows,
            )
        ],
    )


def _trace(rounds: int, *, scans: bool, loops: bool) -> list[tuple[int, bool]]:
    """Slices in the order they are asked for, and whether a request counts."""
    chance = random.Random(SEED)
    weights = [1 / (rank + 1) ** 0.9 for rank in range(POPULATION)]
    order = list(range(POPULATION))
    trace: list[tuple[int, bool]] = []
    fresh = POPULATION
    for _ in range(rounds):
        for rank in chance.choices(range(POPULATION), weights, k=20_000):
            trace.append((order[rank], True))
        for _swap in range(POPULATION // 50):
            one, other = chance.randrange(POPULATION), chance.randrange(POPULATION)
            order[one], order[other] = order[other], order[one]
        if loops:
            trace += [(-1 - number, True) for number in range(3000)]
        if scans:
            trace += [(number, False) for number in range(fresh, fresh + 5000)]
            fresh += 5000
    return trace


def _hit_ratio(policy: Eviction[int], trace: list[tuple[int, bool]]) -> float:
    hits = counted = 0
    for key, counts in trace:
        counted += counts
        if policy.touch(key):
            hits += counts
        else:
            policy.add(key, 1)
    return hits / counted
