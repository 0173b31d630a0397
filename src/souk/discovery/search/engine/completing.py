"""Completes filters: the names of fields, and the values there are with their counts."""

import re
from difflib import get_close_matches
from typing import Final

from souk.discovery.search.engine.counting import values_of_all
from souk.discovery.search.engine.reader import Snapshot
from souk.discovery.search.model import Completion, normal
from souk.discovery.search.query.fields import (
    CURRENCY,
    FIELDS,
    WORD_FIELDS,
    field_named,
    nearest_field,
)
from souk.kernel.money import CURRENCIES

_EXAMPLES: Final = {
    "price": ("free", "<10", "<100", "10..100"),
    "rating": (">=4", ">=3"),
    "accuracy": (">0.9", ">0.95"),
    "latency": ("<10ms", "<100ms"),
    "size": ("<100mb", "<2gb"),
    "min_memory_gb": ("8", "16", "32"),
    "downloads": (">=100", ">=1000"),
}
_SHORTEST: Final = 2
_MOST_FIELDS: Final = 2
_MOST_OWNERS: Final = 100
_COUNTED: Final = ("kind", "category", "task", "tag", "licence", "framework", "hardware", "region")


def complete_field(before: str, typed: str) -> list[Completion]:
    """Fields whose names begin as the word that is being typed."""
    word = typed.removeprefix("-").lower()
    if len(word) < _SHORTEST:
        return []
    sign = "-" if typed.startswith("-") else ""
    return [
        Completion(text=f"{before}{sign}{name}:", about="field", label=f"{name}:")
        for name in FIELDS
        if name.startswith(word)
    ][:_MOST_FIELDS]


def complete_value(
    snapshot: Snapshot, before: str, begun: re.Match[str], *, limit: int
) -> list[Completion]:
    """Values that begin as what follows the colon, the most frequent first; else those that are
    written much alike. A field that is not known is mended."""
    sign, name, op, typed = begun.groups()
    field = field_named(name)
    if field is None:
        meant = nearest_field(name)
        if meant is None:
            return []
        text = f"{before}{sign}{meant}:{typed}"
        return [Completion(text=text, about="field", label=f"{meant}:")]
    *chosen, last = typed.split(",")
    head = f"{before}{sign}{field}:" + "".join(f"{one}," for one in chosen)
    if field in _EXAMPLES:
        wanted = (op if op != ":" else "") + typed
        return [
            Completion(text=f"{before}{field}:{one}", about="value", label=f"{field}:{one}")
            for one in _EXAMPLES[field]
            if one.startswith(wanted)
        ][:limit]
    known = _values(snapshot, field, normal(last.strip('"')))
    return [
        Completion(text=f"{head}{_quoted(value)}", about="value", label=value, count=count)
        for value, count in known
        if value not in chosen
    ][:limit]


def _values(snapshot: Snapshot, field: str, typed: str) -> list[tuple[str, int | None]]:
    counted: dict[str, int | None]
    if field in _COUNTED:
        counted = dict(values_of_all(snapshot, field))
    elif field == CURRENCY:
        counted = {code.lower(): None for code in CURRENCIES}
    elif field in WORD_FIELDS:
        terms = snapshot.searcher.terms_with_prefix(field, typed)[:_MOST_OWNERS]
        counted = {value: None for value, _ in terms}
    else:
        return []
    begun = [
        (value, number) for value, number in counted.items() if normal(value).startswith(typed)
    ]
    if begun:
        return begun
    alike = get_close_matches(typed, [*map(normal, counted)], n=5, cutoff=0.6)
    by_form = {normal(value): value for value in counted}
    return [(by_form[one], counted[by_form[one]]) for one in alike]


def _quoted(value: str) -> str:
    return f'"{value}"' if re.search(r'[\s,"]', value) else value
