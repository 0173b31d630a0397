"""The filter panel of a search: facets as form controls with counts, and chips of what is on."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal

import msgspec

from souk.kernel.money import currency
from souk.web.pages.addresses import with_query
from souk.web.pages.search_address import (
    LISTS,
    OWN_CURRENCY,
    RANGES,
    Address,
    Ends,
    RangeName,
    shown,
)
from souk.web.words import kind_of, licence_name
from souk_client.contracts.discovery import Facet, FacetValue, ParsedPart

SHOWN_AT_ONCE: Final = 8
MOST_VALUES: Final = 60
TITLES: Final = {
    "kind": "Kind",
    "price": "Price",
    "rating": "Rating",
    "task": "Task",
    "category": "Category",
    "licence": "Licence",
    "framework": "Framework",
    "hardware": "Hardware",
    "region": "Sold in",
    "accuracy": "Accuracy",
    "latency": "Latency",
    "size": "Size",
    "memory": "Memory needed",
    "currency": "Currency",
    "tag": "Tag",
    "owner": "Seller",
}
REGIONS: Final = {
    "af": "Africa",
    "as": "Asia",
    "eu": "Europe",
    "na": "North America",
    "oc": "Oceania",
    "sa": "South America",
}
_UNCOUNTED: Final = ("memory",)
"""Ranges that search does not count; their boxes are there all the same."""
_CLOSED: Final = ("accuracy", "latency", "size", "memory", "currency", "tag", "hardware", "region")
"""Folded at first: a panel of every facet would be too long to see what matters."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a facet."""

    value: str
    name: str
    count: int | None
    """None where the number would not hold."""
    chosen: bool


class FacetView(msgspec.Struct, frozen=True, kw_only=True):
    """One facet: `many` are boxes to tick, `one` and `range` exclude each other."""

    name: str
    title: str
    kind: Literal["many", "one", "range"]
    choices: list[Choice]
    more: list[Choice] = []
    """Those behind “Show all”."""
    open: bool = True
    own: bool = False
    """Whether the range is none of the choices."""
    low: str = ""
    high: str = ""
    unit: str = ""


class Chip(msgspec.Struct, frozen=True):
    """A filter in use; the link takes it away."""

    name: str
    href: str


def facet_views(address: Address, facets: Sequence[Facet]) -> list[FacetView]:
    """The panel, in the order of TITLES; facets without a value to choose are left out."""
    found = {facet.name: facet for facet in facets}
    made = (_facet_view(address, name, found) for name in TITLES)
    return [view for view in made if view is not None]


def _facet_view(address: Address, name: str, found: Mapping[str, Facet]) -> FacetView | None:
    if name in RANGES:
        return _range(address, RANGES[name], found)
    facet = found.get(name)
    counts = {} if facet is None else {one.value: one.count for one in facet.values}
    if name == "currency":
        return _currencies(address, counts)
    choices = list(_choices(address, name, counts))
    if not choices:
        return None
    return FacetView(
        name=name,
        title=TITLES[name],
        kind="many",
        choices=choices[:SHOWN_AT_ONCE],
        more=choices[SHOWN_AT_ONCE:],
        open=name not in _CLOSED or bool(address.all(name)),
    )


def _choices(address: Address, name: str, counts: Mapping[str, int]) -> Iterator[Choice]:
    """Those that are on, and the most met."""
    on = {_folded(value) for value in address.all(name)}
    most = sorted(counts.items(), key=lambda pair: -pair[1])[:MOST_VALUES]
    met = {_folded(value) for value, _ in most}
    unmet = [(value, 0) for value in address.all(name) if _folded(value) not in met]
    for value, count in sorted([*unmet, *most], key=lambda pair: (-pair[1], pair[0])):
        yield Choice(
            value=value,
            name=value_name(name, value),
            count=None if name == "owner" else count,  # sellers are not counted
            chosen=_folded(value) in on,
        )


def _folded(value: str) -> str:
    """The index compares words without their case."""
    return " ".join(value.lower().split())


def _currencies(address: Address, counts: Mapping[str, int]) -> FacetView | None:
    chosen = address.currency
    if len(counts) < 2 and chosen is None:
        return None
    values = {chosen: 0} if chosen else {}
    values |= dict(sorted(counts.items(), key=lambda pair: -pair[1]))
    return FacetView(
        name="currency",
        title=TITLES["currency"],
        kind="one",
        choices=[
            Choice(value=code, name=code, count=count, chosen=code == chosen)
            for code, count in values.items()
        ],
        open=chosen is not None,
    )


def _range(address: Address, of: RangeName, found: Mapping[str, Facet]) -> FacetView | None:
    facet = found.get(of.name)
    on = address.ends(of.name)
    values = facet.values if facet else []
    choices = [_band(address, of, value, on) for value in values]
    if not choices and not on.text() and of.name not in _UNCOUNTED:
        return None
    own = bool(on.text()) and not any(choice.chosen for choice in choices)
    return FacetView(
        name=of.name,
        title=of.title,
        kind="range",
        choices=choices,
        open=bool(on.text()) or of.name not in _CLOSED,
        own=own,
        low=shown(on.low) if own else "",
        high=shown(on.high) if own else "",
        unit=of.unit or (address.currency or OWN_CURRENCY),
    )


def _band(address: Address, of: RangeName, value: FacetValue, on: Ends) -> Choice:
    """A counted range. Search counts prices in the currency that bounds would be in (the chosen
    one, or the marketplace's own), and what is free in any: the number that choosing it gives."""
    ends = Ends(*(_typed(address, of, end) for end in (value.low, value.high)))
    return Choice(
        value=ends.text(),
        name=range_words(address, of, ends),
        count=value.count,
        chosen=ends.text() == on.text(),
    )


def _typed(address: Address, of: RangeName, end: float | None) -> Decimal | None:
    """An end of a facet in the unit that people type it in."""
    if end is None:
        return None
    digits = currency(address.currency or OWN_CURRENCY).digits
    return Decimal(repr(end)) / (10**digits if of.name == "price" else of.scale)


def range_words(address: Address, of: RangeName, ends: Ends) -> str:
    """`Under $10`, `4 and more`, `Up to 50 ms`."""
    low, high = ends.low, ends.high
    if of.name == "price" and high == 0:
        return "Free"
    if of.name in ("size", "price"):
        high, least = _beyond(address, of, high), _smallest(address, of)
        if low is None or (of.name == "price" and low <= least):
            return "Any" if high is None else f"Under {_figure(address, of, high)}"
    if high is None:
        return f"{_figure(address, of, low)} and more"
    if low is None:
        return f"Up to {_figure(address, of, high)}"
    return f"{_figure(address, of, low)} to {_figure(address, of, high)}"


def _smallest(address: Address, of: RangeName) -> Decimal:
    """One minor unit, or one byte."""
    if of.name == "price":
        return Decimal(1).scaleb(-currency(address.currency or OWN_CURRENCY).digits)
    return Decimal(1) / of.scale


def _beyond(address: Address, of: RangeName, high: Decimal | None) -> Decimal | None:
    """The round end that a range stays just below: 9.99 reads as 10."""
    if high is None:
        return None
    beyond = high + _smallest(address, of)
    return beyond if beyond == beyond.to_integral_value() else high


def _figure(address: Address, of: RangeName, number: Decimal | None) -> str:
    text = f"{number or 0:,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    if of.name == "price":
        kind = currency(address.currency or OWN_CURRENCY)
        return f"{kind.symbol}{text}" if kind.digits == 2 else f"{text} {kind.code}"
    if of.name == "size" and number is not None and number >= 1000:
        return f"{shown(number / 1000)} GB"
    return f"{text} {of.unit}" if of.unit in ("ms", "MB", "GB") else text


def value_name(name: str, value: str) -> str:
    """How a value of a facet reads."""
    match name:
        case "kind":
            return kind_of(value).plural
        case "licence":
            return licence_name(value)
        case "region":
            return REGIONS.get(value, value)
        case _:
            return value


def chips(address: Address, parsed: Sequence[ParsedPart]) -> list[Chip]:
    """Every filter in use, those written in the query first."""
    return [*_written(address, parsed), *_picked(address)]


def _written(address: Address, parsed: Sequence[ParsedPart]) -> Iterator[Chip]:
    typed = address.one("q")
    for part in parsed:
        rest = " ".join((typed[: part.start] + typed[part.end :]).split())
        sign = "" if part.op in (":", "..") else f"{part.op} "
        words = f"{TITLES.get(part.field, part.field.replace('_', ' '))}: {sign}{part.value}"
        yield Chip(f"Not {words}" if part.negated else words, address.changed(q=rest))


def _picked(address: Address) -> Iterator[Chip]:
    for name in LISTS:
        for value in address.all(name):
            yield Chip(value_name(name, value), address.without(name, value))
    if address.currency:
        yield Chip(f"In {address.currency}", address.changed(currency=""))
    for name, of in RANGES.items():
        ends = address.ends(name)
        if ends.text():
            words = range_words(address, of, ends)
            title = "" if words == "Free" else f"{of.title}: "
            yield Chip(f"{title}{words}", address.changed(**{name: ""}))


def clear_href(address: Address, words: str) -> str:
    """The search without any filter: its words stay."""
    kept = {name: address.one(name) for name in ("sort", "view")}
    return with_query("/search", {"q": words, **kept})
