"""How alike two samples of features are: pure, no I/O."""

from collections.abc import Mapping
from typing import Final

MIN_BYTES: Final = 1024
"""Shorter files are not compared: they say too little."""
SAMPLE: Final = 256
"""How many chunks of a file are kept."""
LEAST_SHARE: Final = {"chunks": 0.3, "tensors": 0.5, "shapes": 0.6}
"""From where on two files count as alike."""


def resemblance(one: frozenset[int], other: frozenset[int]) -> float:
    """How large a part of two sets together they have in common, from the smallest of each.

    Source: A. Broder, "On the resemblance and containment of documents" (1997): the smallest
    elements of the union are a fair sample of it, and all of them are in the two samples.
    """
    size = min(SAMPLE, max(len(one), len(other)))
    if size == 0:
        return 0.0
    smallest = sorted(one | other, key=_unsigned)[:size]
    return sum(feature in one and feature in other for feature in smallest) / len(smallest)


def share_of(own: Mapping[int, int], shared: Mapping[int, int]) -> float:
    """How much of a file's weight the shared features are."""
    total = sum(own.values())
    return sum(shared.values()) / total if total else 0.0


def _unsigned(feature: int) -> int:
    return feature & (2**64 - 1)
