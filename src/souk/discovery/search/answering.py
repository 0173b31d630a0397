"""From what the index found to what a caller gets: pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from souk.discovery.search.documents import Shown
from souk.discovery.search.engine.ranges import FIGURES, PRICES, price_bounds
from souk.discovery.search.model import Completion, FacetCount, Hit
from souk.discovery.search.query.reader import Part, Query
from souk_client.contracts.discovery import Facet, FacetValue, ParsedPart, SearchHit, Suggestion

_QUOTED_OR_WORD: Final = re.compile(r'"[^"]*"|\w+')


def hit(found: Hit) -> SearchHit:
    """A listing found."""
    shown = msgspec.json.decode(found.payload, type=Shown)
    return SearchHit(
        listing=shown.listing,
        score=round(found.score, 4),
        matched=list(found.matched),
        rating=shown.rating,
        rating_count=shown.rating_count,
        favourites=shown.favourites,
        accuracy=shown.accuracy,
        latency_ms=shown.latency_ms,
        size_bytes=shown.size_bytes,
    )


class _Named(msgspec.Struct):
    id: str


class _Kept(msgspec.Struct):
    listing: _Named


def listing_id(payload: bytes) -> str:
    """Which listing a kept document is of."""
    return msgspec.json.decode(payload, type=_Kept).listing.id


def facet(name: str, counts: Sequence[FacetCount], *, currency: str) -> Facet:
    """A facet; the ends of price bands are in minor units of `currency`."""
    if name in FIGURES:
        figure = FIGURES[name]
        ends = {one.name: one.bounds for one in figure.choices}
        scale, unit = figure.scale, figure.unit
    elif name == "price":
        ends = {band: price_bounds(band, currency) for band in PRICES}
        scale, unit = 1, currency
    else:
        values = [FacetValue(value=one.value, count=one.count) for one in counts]
        return Facet(name=name, values=values)
    return Facet(
        name=name,
        unit=unit,
        values=[
            FacetValue(
                value=one.value,
                count=one.count,
                low=_scaled(ends[one.value].low, scale),
                high=_scaled(ends[one.value].high, scale),
            )
            for one in counts
        ],
    )


def suggestion(found: Completion) -> Suggestion:
    """A way to go on."""
    if found.payload is None:
        return Suggestion(text=found.text, about=found.about, label=found.label, count=found.count)
    listing = msgspec.json.decode(found.payload, type=Shown).listing
    return Suggestion(
        text=listing.title, about="listing", address=listing.address, kind=listing.kind
    )


def parsed(part: Part) -> ParsedPart:
    """A filter of the query."""
    return ParsedPart(
        field=part.field,
        op=part.op,
        value=part.value,
        negated=part.negated,
        start=part.start,
        end=part.end,
    )


def mended(typed: str, query: Query, words: Mapping[str, str]) -> str | None:
    """The whole query with misspelt words mended; phrases and filters stay as they are."""
    if not words:
        return None

    def mend(text: str) -> str:
        return _QUOTED_OR_WORD.sub(lambda one: words.get(one[0].lower(), one[0]), text)

    kept, at = [], 0
    for part in query.parts:
        kept += [mend(typed[at : part.start]), typed[part.start : part.end]]
        at = part.end
    whole = " ".join("".join([*kept, mend(typed[at:])]).split())
    return None if whole == " ".join(typed.split()) else whole


def _scaled(end: int | None, scale: int) -> float | None:
    return None if end is None else end / scale if scale > 1 else end
