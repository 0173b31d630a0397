"""Rules of collections: slugs, and what an order is. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

_LONGEST: Final = 80


def slug_from(title: str, *, fallback: str) -> str:
    """A slug made from a title: `Small models!` → `small-models`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST].strip("-") or fallback


def is_order_of(order: Sequence[str], items: Sequence[str]) -> bool:
    """Whether `order` names each of the items once and nothing else."""
    return len(order) == len(items) and set(order) == set(items) and len(set(order)) == len(order)


def moved(items: Sequence[str], item: str, *, by: int) -> list[str]:
    """The items with one of them moved by so many places, at most to an end."""
    rest = [one for one in items if one != item]
    if len(rest) == len(items):
        return rest
    place = min(max(items.index(item) + by, 0), len(rest))
    return [*rest[:place], item, *rest[place:]]
