"""Rules of recommending: how ways of finding are fused, whose turn it is, what goes with what."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Final, Literal, TypeVar

import msgspec

from souk.discovery.search.api import NearListing

Signal = Literal["view", "click", "checkout", "download", "order", "favourite"]

WEIGHTS: Final[Mapping[Signal, float]] = {
    "view": 1.0,
    "click": 1.0,
    "checkout": 3.0,
    "download": 4.0,
    "favourite": 4.0,
    "order": 8.0,
}
"""How much something that somebody did says of their taste."""

COMPANIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "model": ("dataset", "plugin", "api", "compute", "agent"),
    "dataset": ("model", "plugin", "compute"),
    "api": ("plugin", "agent", "dataset", "template"),
    "plugin": ("model", "api", "agent", "template"),
    "agent": ("api", "plugin", "model", "dataset"),
    "design": ("template", "material", "plugin"),
    "template": ("design", "material", "plugin"),
    "material": ("design", "template"),
    "compute": ("model", "dataset"),
}
"""Kinds of works that are used together with a kind."""

LEARNT_WEIGHT: Final = 1.0
TOGETHER_WEIGHT: Final = 0.8
NEAR_WEIGHT: Final = 0.6
FOLLOWED_WEIGHT: Final = 0.5
TREND_WEIGHT: Final = 0.15
"""What each way of finding weighs when they are fused (bench/recommendations.py measures them)."""
NEAR_SEEDS: Final = 3
"""For the last few seeds what is near in meaning is looked up, each by itself."""
RANK_OFFSET: Final = 20.0
"""The constant of reciprocal rank fusion: the larger, the less the very first places weigh."""
_SELLER_SHARE: Final = 3
"""One seller may have every third place, and two at least."""

K = TypeVar("K")


class Seed(msgspec.Struct, frozen=True):
    """A listing that somebody had to do with, and how much that says."""

    listing_id: str
    signal: Signal
    weight: float


def reason_signal(signal: Signal) -> Literal["viewed", "bought", "favourite"]:
    """How it is put to people."""
    match signal:
        case "order" | "download":
            return "bought"
        case "favourite":
            return "favourite"
        case _:
            return "viewed"


def seeds_of(done: Iterable[Seed], *, limit: int) -> list[Seed]:
    """One seed a listing, with its strongest signal and all its weight, in the order given."""
    joined: dict[str, Seed] = {}
    for one in done:
        known = joined.get(one.listing_id)
        if known is None:
            joined[one.listing_id] = one
            continue
        stronger = known if WEIGHTS[known.signal] >= WEIGHTS[one.signal] else one
        joined[one.listing_id] = Seed(one.listing_id, stronger.signal, known.weight + one.weight)
    return list(joined.values())[:limit]


def fuse(rankings: Iterable[tuple[float, Sequence[str]]]) -> list[tuple[str, float]]:
    """Weighted reciprocal rank fusion (Cormack et al. 2009): best first, ties by id."""
    scores: dict[str, float] = {}
    for weight, ranking in rankings:
        for rank, listing_id in enumerate(ranking):
            scores[listing_id] = scores.get(listing_id, 0.0) + weight / (RANK_OFFSET + rank + 1)
    return sorted(scores.items(), key=lambda one: (-one[1], one[0]))


def spread(ranked: Sequence[tuple[K, str]], *, limit: int) -> list[K]:
    """At most `limit`, best first, with no seller above their share as long as others are left.

    Args:
        ranked: things with their sellers, best first.
    """
    most = max(2, -(-limit // _SELLER_SHARE))
    taken: dict[str, int] = {}
    first: list[K] = []
    later: list[K] = []
    for thing, seller in ranked:
        if taken.get(seller, 0) < most:
            taken[seller] = taken.get(seller, 0) + 1
            first.append(thing)
        else:
            later.append(thing)
    return [*first, *later][:limit]


def normal_name(text: str) -> str:
    """For comparing what a metric names its dataset with a listing's title."""
    return " ".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


COMPANION_FLOOR: Final = 0.5
"""The least cosine at which works of two kinds go together. Sentences that mean alike lie near 0.6;
two cards about different things share enough of their words to reach 0.4."""
MOST_COMPANIONS: Final = 3
"""How many are said to go with a work for being near alone."""


def companions_near(near: Iterable[NearListing], kinds: Collection[str]) -> list[str]:
    """Ids of what goes with a work by its subject, the nearest first; rather none than any."""
    close = (one for one in near if one.listing.kind in kinds and one.cosine >= COMPANION_FLOOR)
    return [one.listing.id for one in islice(close, MOST_COMPANIONS)]


def names_dataset(metric_dataset: str, title: str) -> bool:
    """Whether a metric's dataset is the listing of this title."""
    named, titled = normal_name(metric_dataset), normal_name(title)
    if len(named) < 4 or len(titled) < 4:
        return named == titled and bool(named)
    return f" {titled} " in f" {named} " or f" {named} " in f" {titled} "
