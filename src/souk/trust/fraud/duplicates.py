"""Near-duplicate texts by different people.

Texts become sets of shingles (runs of words; of characters where a text has few words), compared by
the Jaccard index. MinHash with banding (Broder 1997; Leskovec, Rajaraman, Ullman, "Mining of
Massive Datasets", chapter 3) finds the pairs worth comparing, so that ten thousand reviews take
well under a second each sweep.
"""

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from souk.discovery.reviews.api import ReviewFacts
from souk.trust.fraud.model import Facts, Suspicion, surety, suspicion

LEAST_CHARACTERS: Final = 40
"""Short praise is alike by nature ("Works great")."""
ALIKE: Final = 0.6
_WORDS_A_SHINGLE: Final = 3
_SIGNS_A_SHINGLE: Final = 6
_FEWEST_WORDS: Final = 6
_BANDS: Final = 16
_ROWS: Final = 2
_LARGEST_GROUP: Final = 200
_WORD: Final = re.compile(r"\w+")
_MASKS: Final = tuple(
    int.from_bytes(hashlib.blake2b(bytes([number]), digest_size=8).digest())
    for number in range(_BANDS * _ROWS)
)


def duplicates(facts: Facts) -> list[Suspicion]:
    """Groups of nearly the same text by different people."""
    texts = {
        review.id: shingles(review.text)
        for review in facts.reviews
        if len(review.text) >= LEAST_CHARACTERS
    }
    by_id = {review.id: review for review in facts.reviews}
    found = []
    for group in _groups(texts, by_id):
        reviews = [by_id[one] for one in group]
        people = {review.user_id for review in reviews}
        alike = _likeness([texts[one] for one in group])
        found.append(
            suspicion(
                "same_text",
                reviews,
                score=alike * surety(len(people) - 1, each=0.5),
                reasons=[
                    f"{len(people)} people wrote nearly the same text "
                    f"({alike:.0%} of it alike) in {len(reviews)} reviews."
                ],
            )
        )
    return found


def shingles(text: str) -> frozenset[int]:
    """The set of a text's runs of words (or characters), each as a number."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    if len(words) >= _FEWEST_WORDS:
        size = _WORDS_A_SHINGLE
        runs = [" ".join(words[at : at + size]) for at in range(len(words) - size + 1)]
    else:
        signs = "".join(words)
        size = _SIGNS_A_SHINGLE
        runs = [signs[at : at + size] for at in range(max(1, len(signs) - size + 1))]
    return frozenset(
        int.from_bytes(hashlib.blake2b(run.encode(), digest_size=8).digest()) for run in runs
    )


def jaccard(first: frozenset[int], second: frozenset[int]) -> float:
    """How alike two sets are, from 0 to 1."""
    both = len(first & second)
    return both / (len(first) + len(second) - both) if first or second else 0.0


def _groups(
    texts: Mapping[str, frozenset[int]], by_id: Mapping[str, ReviewFacts]
) -> list[list[str]]:
    """Reviews that are alike, put together; only of different people."""
    parent = {one: one for one in texts}

    def root(one: str) -> str:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for bucket in _buckets(texts):
        for other in bucket[1:]:
            first, second = root(bucket[0]), root(other)
            if first != second and jaccard(texts[bucket[0]], texts[other]) >= ALIKE:
                parent[max(first, second)] = min(first, second)
    groups: dict[str, list[str]] = defaultdict(list)
    for one in sorted(texts):
        groups[root(one)].append(one)
    return [
        group[:_LARGEST_GROUP]
        for group in groups.values()
        if len({by_id[one].user_id for one in group}) > 1
    ]


def _buckets(texts: Mapping[str, frozenset[int]]) -> list[list[str]]:
    buckets: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for one in sorted(texts):
        least = [min(shingle ^ mask for shingle in texts[one]) for mask in _MASKS]
        for band in range(_BANDS):
            rows = least[band * _ROWS : (band + 1) * _ROWS]
            buckets[(band, *rows)].append(one)
    return [bucket for bucket in buckets.values() if len(bucket) > 1]


def _likeness(sets: Sequence[frozenset[int]]) -> float:
    return sum(jaccard(sets[0], other) for other in sets[1:]) / (len(sets) - 1)
