"""What the address of a search says that nobody can understand: told, never dropped in silence."""

from collections.abc import Iterator

from multidict import MultiMapping

from souk.discovery.search.api import Sort
from souk.kernel.money import CURRENCIES
from souk.web.pages.search_address import (
    ALLOWED,
    LISTS,
    MAX_VALUES,
    OWN,
    RANGES,
    UNPRINTABLE,
    VIEWS,
    is_number,
    is_seller,
)
from souk.web.pages.search_facets import TITLES

MAX_TOLD = 8
_SHOWN_LETTERS = 60
_CHOICES = {
    "sort": {one.value for one in Sort},
    "view": set(VIEWS),
    "currency": set(CURRENCIES),
}
_NAMES = {"sort": "Sort by", "view": "View"} | TITLES


def not_understood(query: MultiMapping[str]) -> list[str]:
    """`Price “1e999..”`: each part of the address that was left out, in words for people."""
    found = dict.fromkeys(_told(name, value) for name, value in _dropped(query))
    return list(found)[:MAX_TOLD]


def _dropped(query: MultiMapping[str]) -> Iterator[tuple[str, str]]:
    for name, choices in _CHOICES.items():
        yield from ((name, one) for one in query.getall(name, [])[:1] if one not in choices)
    for name in LISTS:
        values = query.getall(name, [])
        allowed = ALLOWED.get(name)
        for value in values[:MAX_VALUES]:
            if (allowed and value not in allowed) or (name == "owner" and not is_seller(value)):
                yield name, value
        yield from ((name, value) for value in values[MAX_VALUES:])
    for name in RANGES:
        whole = query.get(name, "")
        if whole != OWN and not _is_range(whole):
            yield name, whole
        ends = [f"{name}_min", f"{name}_max"]
        if name == "price":
            ends += ["price_min_minor", "price_max_minor"]
        for end in ends:
            if not is_number(query.get(end, "")):
                yield name, query.get(end, "")


def _is_range(text: str) -> bool:
    low, dots, high = text.partition("..")
    return not text or (bool(dots) and is_number(low) and is_number(high))


def _told(name: str, value: str) -> str:
    plain = UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", value)
    short = plain if len(plain) <= _SHOWN_LETTERS else f"{plain[:_SHOWN_LETTERS]}…"
    return f"{_NAMES[name]} “{short}”"
