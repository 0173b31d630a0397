"""What the address of a search says: it can be shared, and every link is made from it.

A range stands as `rating=4..`, in the units people read; the form sends its ends apart
(`rating=own&rating_min=4`), which means the same.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal, get_args

import msgspec
from multidict import MultiMapping

from souk.discovery.alerts.api import FigureRange, SearchFilters
from souk.kernel.money import CURRENCIES, MAX_AMOUNT_MINOR, currency
from souk.web.pages.addresses import with_query
from souk_client.contracts.base import ListingKind
from souk_client.contracts.works import Region

MAX_VALUES: Final = 20
MAX_QUERY: Final = 1_000
MAX_WORD: Final = 120
OWN_CURRENCY: Final = "USD"
"""What price bounds are in while no currency is chosen."""
MAX_FIGURE: Final = 1e15
OWN: Final = "own"
"""In place of a range: its ends are in the two boxes."""
VIEWS: Final = ("grid", "list")

LISTS: Final = {
    "kind": "kinds",
    "task": "tasks",
    "category": "categories",
    "licence": "licences",
    "framework": "frameworks",
    "hardware": "hardware",
    "region": "regions",
    "tag": "tags",
    "owner": "owners",
}
"""Parts that may come more than once: the attribute of SearchFilters."""


class RangeName(msgspec.Struct, frozen=True, kw_only=True):
    """A part that says a range."""

    name: str
    title: str
    unit: str
    """What people type it in."""
    filter: Literal["rating", "accuracy", "latency_ms", "size_bytes", "memory_gb"] | None
    """The attribute of SearchFilters; None for the price, which has two."""
    scale: int = 1
    """How many of the filter's units make one of what people type."""


RANGES: Final = {
    one.name: one
    for one in (
        RangeName(name="price", title="Price", unit="", filter=None),
        RangeName(name="rating", title="Rating", unit="stars", filter="rating"),
        RangeName(name="accuracy", title="Accuracy", unit="0 to 1", filter="accuracy"),
        RangeName(name="latency", title="Latency", unit="ms", filter="latency_ms"),
        RangeName(name="size", title="Size", unit="MB", filter="size_bytes", scale=10**6),
        RangeName(name="memory", title="Memory needed", unit="GB", filter="memory_gb"),
    )
}
_SINGLE: Final = ("q", "currency", "sort", "view", "cursor")
ALLOWED: Final = {"kind": get_args(ListingKind), "region": get_args(Region)}
_NUMBER: Final = re.compile(r"\d{1,15}(?:\.\d{1,9})?", re.ASCII)
_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,94}[a-z0-9])?")
UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]")


class Ends(msgspec.Struct, frozen=True):
    """A range in the units people read; None is open."""

    low: Decimal | None = None
    high: Decimal | None = None

    def text(self) -> str:
        """As it stands in an address; empty for no range at all."""
        if self.low is None and self.high is None:
            return ""
        return f"{shown(self.low)}..{shown(self.high)}"


def shown(number: Decimal | None) -> str:
    """`9.5`, `1000`: plain digits, nothing for an open end."""
    if number is None:
        return ""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def read_ends(text: str) -> Ends:
    """`4..`, `..10`, `1..2`; what is no number counts as open."""
    low, dots, high = text.partition("..")
    return Ends(_number(low), _number(high)) if dots else Ends()


def _number(text: str) -> Decimal | None:
    text = text.strip().replace(",", "")
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def is_number(text: str) -> bool:
    """Whether an end of a range can be read; an empty one is open."""
    return not text.strip() or _number(text) is not None


def is_seller(text: str) -> bool:
    """Whether this can be a seller's handle."""
    return _SLUG.fullmatch(text.strip()) is not None


class Address(msgspec.Struct, frozen=True):
    """The query of a search page, by name."""

    parts: Mapping[str, tuple[str, ...]]

    def one(self, name: str) -> str:
        """The value of a part; empty when it is not there."""
        values = self.parts.get(name, ())
        return values[0] if values else ""

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a part."""
        return self.parts.get(name, ())

    def ends(self, name: str) -> Ends:
        """The range that a part says."""
        return read_ends(self.one(name))

    @property
    def currency(self) -> str | None:
        """The currency that was chosen, when it is one."""
        code = self.one("currency")
        return code if code in CURRENCIES else None

    def href(self) -> str:
        """This very search."""
        return with_query("/search", self.parts)

    def changed(self, **parts: str | Sequence[str]) -> str:
        """This search with something else; it starts again at the first page."""
        kept = {name: values for name, values in self.parts.items() if name != "cursor"}
        return with_query("/search", {**kept, **parts})

    def without(self, name: str, value: str) -> str:
        """This search without one value of a part."""
        return self.changed(**{name: tuple(one for one in self.all(name) if one != value)})

    def kept(self, *left_out: str) -> list[tuple[str, str]]:
        """The parts, for a form that changes those left out; a page's place is never kept."""
        return [
            (name, value)
            for name, values in self.parts.items()
            if name not in (*left_out, "cursor")
            for value in values
        ]

    @property
    def filters(self) -> list[tuple[str, str]]:
        """The parts that narrow a search down, one pair a value."""
        return self.kept("q", "sort", "view")


def read_address(query: MultiMapping[str]) -> Address:
    """The parts of the address that a search understands, each in its one form."""
    parts: dict[str, tuple[str, ...]] = {}
    for name in (*_SINGLE, *LISTS):
        values = [_clean(value, name) for value in query.getall(name, [])[:MAX_VALUES]]
        allowed = ALLOWED.get(name)
        kept = tuple(v for v in dict.fromkeys(values) if v and (not allowed or v in allowed))
        if name == "owner":
            kept = tuple(v for v in kept if _SLUG.fullmatch(v))
        if kept:
            parts[name] = kept[:1] if name in _SINGLE else kept
    for name in RANGES:
        ends = _read_range(query.get(name, ""), query.get(f"{name}_min"), query.get(f"{name}_max"))
        if text := ends.text():
            parts[name] = (text,)
    if "price" not in parts:
        low, high = (_number(query.get(f"price_{end}_minor", "")) for end in ("min", "max"))
        if text := _major(Address(parts), Ends(low, high)).text():
            parts["price"] = (text,)
    return Address(parts)


def _clean(value: str, name: str) -> str:
    """The query stays as it was typed, so that mistakes in it can be pointed at."""
    if name == "q":
        return value[: MAX_QUERY + 1]
    return UNPRINTABLE.sub("", value)[: 400 if name == "cursor" else MAX_WORD].strip()


def _read_range(chosen: str, low: str | None, high: str | None) -> Ends:
    if chosen and chosen != OWN:
        return read_ends(chosen)
    return Ends(_number(low or ""), _number(high or ""))


def _major(address: Address, minor: Ends) -> Ends:
    unit = Decimal(10) ** currency(address.currency or OWN_CURRENCY).digits
    return Ends(*(None if end is None else end / unit for end in (minor.low, minor.high)))


def search_filters(address: Address) -> SearchFilters:
    """The filters that the address says."""
    low, high = _minor(address)
    values: dict[str, object] = {
        "currency": address.currency,
        "price_min_minor": low,
        "price_max_minor": high,
    }
    values |= {attribute: list(address.all(name)) for name, attribute in LISTS.items()}
    for name, one in RANGES.items():
        if one.filter:
            values[one.filter] = _figure(address.ends(name), one.scale)
    return msgspec.convert(values, SearchFilters)


def _minor(address: Address) -> tuple[int | None, int | None]:
    """The price bounds in minor units; a range is never made wider."""
    ends, unit = address.ends("price"), currency(address.currency or OWN_CURRENCY).digits
    low = None if ends.low is None else -int(-ends.low.scaleb(unit) // 1)
    high = None if ends.high is None else int(ends.high.scaleb(unit) // 1)
    return _capped(low), _capped(high)


def _capped(amount: int | None) -> int | None:
    return None if amount is None else min(amount, MAX_AMOUNT_MINOR)


def _figure(ends: Ends, scale: int) -> FigureRange | None:
    if ends.low is None and ends.high is None:
        return None
    low, high = (
        None if end is None else min(float(end * scale), MAX_FIGURE)
        for end in (ends.low, ends.high)
    )
    return FigureRange(low=low, high=high)


def address_of(query: str, filters: SearchFilters) -> Address:
    """The address of a search that was kept."""
    return Address(dict(_parts_of(query, filters)))


def _parts_of(query: str, filters: SearchFilters) -> Iterator[tuple[str, tuple[str, ...]]]:
    if query:
        yield "q", (query,)
    for name, attribute in LISTS.items():
        if values := getattr(filters, attribute):
            yield name, tuple(values)
    if filters.currency:
        yield "currency", (filters.currency,)
    unit = Decimal(10) ** currency(filters.currency or OWN_CURRENCY).digits
    prices = (filters.price_min_minor, filters.price_max_minor)
    if text := Ends(*(None if end is None else end / unit for end in prices)).text():
        yield "price", (text,)
    for name, one in RANGES.items():
        chosen: FigureRange | None = getattr(filters, one.filter) if one.filter else None
        if chosen is not None:
            ends = (chosen.low, chosen.high)
            scaled = (None if end is None else Decimal(repr(end)) / one.scale for end in ends)
            if text := Ends(*scaled).text():
                yield name, (text,)
