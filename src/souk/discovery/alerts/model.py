"""What is kept of a search, and how changed listings are held against it: pure."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

import msgspec

from souk_client.contracts.discovery import ParsedPart
from souk_client.contracts.saved_searches import SearchFilters
from souk_client.contracts.works import ListingSummary

MAX_NAME: Final = 120
MAX_QUERY: Final = 900
_PHRASE: Final = re.compile(r'-?"[^"]*"')
_PART: Final = re.compile(rf"{_PHRASE.pattern}|\S+")
_MOST_WORDS: Final = 24
"""As many as a search reads."""
_LITTLE_WORDS: Final = frozenset(
    "a an and any are as at be by can for from has how i in into is it its me my no not of on or "
    "our that the these this to up us we what which who will with you your".split()
)
"""They say nothing about what is sought."""
_APART_MS: Final = 3_600_000
_IN_A_WINDOW: Final = 100


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Listings of one seller that were published close together: they are asked for at once, since
    a search can be narrowed down to just these."""

    owner: str
    kinds: frozenset[str]
    low_ms: int
    high_ms: int
    listing_ids: frozenset[str]


def windows(summaries: Iterable[ListingSummary]) -> list[Window]:
    """Published listings by seller and time; an hour or a hundred of them part two windows."""
    found = []
    by_owner = sorted(summaries, key=lambda one: (one.owner.slug, published_ms(one)))
    for owner, listings in groupby(by_owner, key=lambda one: one.owner.slug):
        group: list[ListingSummary] = []
        for one in listings:
            apart = group and published_ms(one) - published_ms(group[-1]) > _APART_MS
            if apart or len(group) == _IN_A_WINDOW:
                found.append(_window(owner, group))
                group = []
            group.append(one)
        found.append(_window(owner, group))
    return found


def _window(owner: str, group: Sequence[ListingSummary]) -> Window:
    return Window(
        owner=owner,
        kinds=frozenset(one.kind for one in group),
        low_ms=published_ms(group[0]),
        high_ms=published_ms(group[-1]),
        listing_ids=frozenset(one.id for one in group),
    )


def published_ms(summary: ListingSummary) -> int:
    """When it was published, as the index keeps it."""
    return int(summary.published_at.timestamp() * 1000) if summary.published_at else 0


def may_match(window: Window, *, kinds: Sequence[str], owners: Sequence[str]) -> bool:
    """Whether a search of these kinds and sellers (none: all) may match anything in the window."""
    return (not kinds or not window.kinds.isdisjoint(kinds)) and (
        not owners or window.owner in owners
    )


def is_indexed(indexed: ListingSummary | None, now: ListingSummary) -> bool:
    """Whether the index knows the listing as it is now."""
    return indexed is not None and _seen(indexed) == _seen(now)


def _seen(summary: ListingSummary) -> tuple[object, ...]:
    return (summary.updated_at, summary.price_minor, summary.currency, summary.version)


def is_empty(query: str, filters: SearchFilters) -> bool:
    """Whether this search would match everything."""
    return not query.strip() and filters == SearchFilters()


def normal(filters: SearchFilters) -> SearchFilters:
    """The same filters in one form: the order of values means nothing."""
    lists = {
        name: sorted(set(value))
        for name, value in msgspec.structs.asdict(filters).items()
        if isinstance(value, list)
    }
    return msgspec.structs.replace(filters, **lists)


def question_of(query: str, filters: SearchFilters) -> bytes:
    """The same for the same search."""
    return hashlib.sha256(msgspec.json.encode([query, filters])).digest()


def needed(chosen: Sequence[str], parsed: Sequence[ParsedPart], field: str) -> list[str]:
    """The values of a field of which a match must have one: chosen beside the box or written in
    the query, which add up; empty when any will do."""
    written = [
        value
        for part in parsed
        if part.field == field and not part.negated
        for value in part.value.split(", ")
    ]
    return sorted({*chosen, *written})


def strict(typed: str, text: str, parsed: Sequence[ParsedPart]) -> str:
    """The query with every word of it needed.

    Somebody who searches is also shown what is near in meaning, or holds some of the words; to be
    told of that unasked would be a nuisance. In quotes a word must be there, in any of its forms.

    Args:
        typed: the query as it was typed.
        text: its words, without the filters.
        parsed: its filters.
    """
    found = _PART.findall(text)
    words = [one for one in found if one.casefold() not in _LITTLE_WORDS] or found
    needed = [_needed(one) for one in words[:_MOST_WORDS]]
    filters = [typed[part.start : part.end] for part in parsed]
    return " ".join(filter(None, [*needed, *filters]))


def _needed(word: str) -> str:
    """A word in quotes; phrases and unwanted words as they are. A quote that nothing closes is
    dropped, or it would take in what follows."""
    if _PHRASE.fullmatch(word):
        return word
    bare = word.replace('"', " ").strip()
    if not bare or (len(bare) > 1 and bare.startswith("-")):
        return bare
    return f'"{bare}"'


def name_of(query: str, filters: SearchFilters) -> str:
    """A name for a search that was given none."""
    values = [
        value
        for found in msgspec.structs.asdict(filters).values()
        if isinstance(found, list)
        for value in found
    ]
    words = " ".join(query.split()) or ", ".join(values) or "Works in a range"
    return words if len(words) <= MAX_NAME else f"{words[: MAX_NAME - 1]}…"
