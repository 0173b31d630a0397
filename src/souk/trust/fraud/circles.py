"""Sellers whose members praise each other: circles in the graph of who praised whom.

A seller points to another when its members gave it at least two good reviews. Strongly connected
components of two or more sellers are circles; what tells a ring from neighbours is how
much of their praise stays inside.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from souk.discovery.reviews.api import ReviewFacts
from souk.trust.fraud.model import GOOD_STARS, Facts, Suspicion, surety, suspicion

PRAISE_LEAST: Final = 2

Edge = tuple[str, str]


def circles(facts: Facts) -> list[Suspicion]:
    """Sellers whose members review each other well, and hardly anybody else."""
    belongs: dict[str, set[str]] = defaultdict(set)
    for seller_id, people in facts.members.items():
        for user_id in people:
            belongs[user_id].add(seller_id)
    praise: dict[Edge, list[ReviewFacts]] = defaultdict(list)
    for review in facts.reviews:
        if review.stars >= GOOD_STARS:
            for own in belongs.get(review.user_id, ()):
                if own != review.seller_id:
                    praise[(own, review.seller_id)].append(review)
    strong = [edge for edge, reviews in praise.items() if len(reviews) >= PRAISE_LEAST]
    return [_finding(circle, praise) for circle in _components(strong) if len(circle) > 1]


def _finding(circle: frozenset[str], praise: Mapping[Edge, list[ReviewFacts]]) -> Suspicion:
    given = Counter[bool]()
    inside: dict[str, ReviewFacts] = {}
    for (giver, taker), reviews in praise.items():
        if giver in circle:
            given[taker in circle] += len(reviews)
            if taker in circle:
                inside.update((review.id, review) for review in reviews)
    share = given[True] / given.total()
    return suspicion(
        "mutual",
        list(inside.values()),
        score=share * surety(len(inside), each=0.25),
        reasons=[
            f"Members of {len(circle)} sellers gave each other {len(inside)} good reviews: "
            f"{share:.0%} of all good reviews they gave to other sellers."
        ],
    )


def _components(edges: list[Edge]) -> Iterator[frozenset[str]]:
    """The strongly connected components (Kosaraju: two searches without recursion)."""
    forward: dict[str, list[str]] = defaultdict(list)
    backward: dict[str, list[str]] = defaultdict(list)
    for giver, taker in sorted(edges):
        forward[giver].append(taker)
        backward[taker].append(giver)
    order: list[str] = []
    seen: set[str] = set()
    for node in sorted({*forward, *backward}):
        _search(node, forward, seen, order)
    placed: set[str] = set()
    for node in reversed(order):
        component: list[str] = []
        _search(node, backward, placed, component)
        if component:
            yield frozenset(component)


def _search(node: str, graph: Mapping[str, list[str]], seen: set[str], finished: list[str]) -> None:
    """Depth first from a node; nodes join `finished` when all behind them is seen."""
    if node in seen:
        return
    seen.add(node)
    stack = [(node, iter(graph.get(node, ())))]
    while stack:
        current, ahead = stack[-1]
        following = next((one for one in ahead if one not in seen), None)
        if following is None:
            finished.append(current)
            stack.pop()
        else:
            seen.add(following)
            stack.append((following, iter(graph.get(following, ()))))
