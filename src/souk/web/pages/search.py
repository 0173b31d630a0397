"""Browse and search: the filters live in the address, so a result can be shared."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final

import msgspec
from litestar import Response, get
from litestar.params import Parameter

from souk.discovery.search.api import Filters, SearchQuestion, Sort
from souk.kernel.money import CURRENCIES, currency
from souk.web.forms import PageRequest
from souk.web.market import Market
from souk.web.pages.addresses import with_query
from souk.web.render import Pages
from souk.web.shell import Shell
from souk.web.words import kind_of, licence_name
from souk_client.contracts.discovery import Facet, SearchAnswer, Suggestions
from souk_client.contracts.works import ListingSummary

PAGE_SIZE: Final = 24
MAX_FACET_VALUES: Final = 12
MAX_VALUES: Final = 20
FACETS: Final = {
    "kind": "Kind",
    "task": "Task",
    "category": "Category",
    "currency": "Currency",
    "price": "Price",
    "licence": "Licence",
    "tag": "Tag",
}
_BANDS: Final = {
    "free": ("Free", None, 0),
    "under-10": ("Under {1}", 0, 10),
    "10-100": ("{0} to {1}", 10, 100),
    "100-1000": ("{0} to {1}", 100, 1000),
    "over-1000": ("{0} and more", 1000, None),
}
"""Price bands by the index's name for them: what they are called, and their ends in whole units;
the upper end is not part of a band."""
_OWN_CURRENCY: Final = "USD"
"""What price bounds are in while no currency is chosen."""


class FacetLink(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a facet: a link that adds it, or takes it away again."""

    name: str
    count: int | None
    href: str
    chosen: bool


class FacetView(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    values: list[FacetLink]


class Chip(msgspec.Struct, frozen=True):
    """A filter in use; the link takes it away."""

    name: str
    href: str


class SearchView(msgspec.Struct, frozen=True, kw_only=True):
    """What the results template draws."""

    query: str
    kind: str
    total: int
    took_ms: float | None
    items: list[ListingSummary]
    view: str
    sort: str
    facets: list[FacetView]
    chips: list[Chip]
    hidden: list[tuple[str, str]]
    """The filters, for the form that sorts."""
    grid_href: str
    list_href: str
    clear_href: str
    did_you_mean: str | None
    first_href: str
    next_href: str


class Address(msgspec.Struct, frozen=True):
    """The query of a search page, by name; every link is made from it."""

    parts: Mapping[str, tuple[str, ...]]

    def one(self, name: str) -> str:
        values = self.parts.get(name, ())
        return values[0] if values else ""

    def all(self, name: str) -> tuple[str, ...]:
        return self.parts.get(name, ())

    def changed(self, **parts: str | Sequence[str]) -> str:
        """This search with something else; it starts again at the first page."""
        kept = {name: values for name, values in self.parts.items() if name != "cursor"}
        return with_query("/search", {**kept, **parts})

    def toggled(self, name: str, value: str) -> str:
        """This search with a value of a facet added, or taken away when it is there."""
        values = self.all(name)
        other = tuple(v for v in values if v != value) if value in values else (*values, value)
        return self.changed(**{name: other})


_NAMES: Final = ("q", *FACETS, "price_min_minor", "price_max_minor", "sort", "view", "cursor")


def read_address(request: PageRequest) -> Address:
    """The parts of the address that a search understands."""
    found = {name: request.query_params.getall(name, []) for name in _NAMES}
    return Address(
        {name: tuple(v[:300] for v in values[:MAX_VALUES] if v) for name, values in found.items()}
    )


def question_of(address: Address) -> SearchQuestion:
    """The question to the index; what is not understood is left out."""
    sort = address.one("sort")
    return SearchQuestion(
        text=address.one("q")[:400],
        filters=Filters(
            kinds=address.all("kind"),
            tags=address.all("tag"),
            licences=address.all("licence"),
            tasks=address.all("task"),
            categories=address.all("category"),
            currency=_chosen_currency(address),
            price_min_minor=_whole(address.one("price_min_minor")),
            price_max_minor=_whole(address.one("price_max_minor")),
        ),
        sort=Sort(sort) if sort in {one.value for one in Sort} else Sort.RELEVANCE,
        cursor=address.one("cursor") or None,
        limit=PAGE_SIZE,
    )


def _chosen_currency(address: Address) -> str | None:
    code = address.one("currency")
    return code if code in CURRENCIES else None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def view_of(address: Address, question: SearchQuestion, answer: SearchAnswer) -> SearchView:
    """Facets, chips and links around an answer."""
    kinds = address.all("kind")
    clear = with_query("/search", {"q": address.one("q"), "view": address.one("view")})
    hidden = [
        (name, value)
        for name, values in address.parts.items()
        if name not in ("sort", "cursor")
        for value in values
    ]
    return SearchView(
        query=address.one("q"),
        kind=kinds[0] if len(kinds) == 1 else "",
        total=answer.total,
        took_ms=answer.took_ms,
        items=[hit.listing for hit in answer.items],
        view="list" if address.one("view") == "list" else "grid",
        sort=question.sort.value,
        facets=list(_facets(address, answer.facets)),
        chips=list(_chips(address)),
        hidden=hidden,
        grid_href=address.changed(view=""),
        list_href=address.changed(view="list"),
        clear_href=clear,
        did_you_mean=answer.did_you_mean,
        first_href=address.changed() if address.one("cursor") else "",
        next_href=(
            with_query("/search", {**address.parts, "cursor": answer.next_cursor})
            if answer.next_cursor
            else ""
        ),
    )


def _facets(address: Address, facets: Sequence[Facet]) -> Iterator[FacetView]:
    counted = {facet.name: {v.value: v.count for v in facet.values} for facet in facets}
    currencies = counted.get("currency", {})
    for name, title in FACETS.items():
        counts = counted.get(name, {})
        if name == "price":
            values = list(_bands(address, counts, mixed=len(currencies) > 1))
        elif name == "currency" and len(currencies) < 2 and not address.one(name):
            continue
        else:
            values = list(_values(address, name, counts))
        if values:
            yield FacetView(title=title, values=values)


def _values(address: Address, name: str, counts: Mapping[str, int]) -> Iterator[FacetLink]:
    chosen = address.all(name)
    shown = {value: counts.get(value, 0) for value in chosen} | dict(
        sorted(counts.items(), key=lambda pair: -pair[1])[:MAX_FACET_VALUES]
    )
    for value, count in sorted(shown.items(), key=lambda pair: (-pair[1], pair[0])):
        yield FacetLink(
            name=_value_name(name, value),
            count=count,
            href=(
                address.changed(currency="" if value in chosen else value)
                if name == "currency"
                else address.toggled(name, value)
            ),
            chosen=value in chosen,
        )


def _bands(address: Address, counts: Mapping[str, int], *, mixed: bool) -> Iterator[FacetLink]:
    """The bands that anything falls into. They are counted over all currencies, so with several
    of them (`mixed`) only what is free can show a number that choosing the band would give."""
    now = (address.one("price_min_minor"), address.one("price_max_minor"))
    for band in _BANDS:
        name, low, high = _band(address, band)
        chosen = now == (low, high)
        if counts.get(band) or chosen:
            ends = ("", "") if chosen else (low, high)
            yield FacetLink(
                name=name,
                count=None if mixed and band != "free" else counts.get(band, 0),
                href=address.changed(price_min_minor=ends[0], price_max_minor=ends[1]),
                chosen=chosen,
            )


def _band(address: Address, band: str) -> tuple[str, str, str]:
    """A band's name and its ends in minor units, as they stand in an address."""
    words, low, high = _BANDS[band]
    kind = currency(_chosen_currency(address) or _OWN_CURRENCY)
    if high == 0:
        return words, "", "0"
    unit = 10**kind.digits
    shown = [
        f"{kind.symbol}{end:,}" if kind.digits == 2 else f"{end:,} {kind.code}"
        for end in (low or 0, high or 0)
    ]
    least = "1" if not low else str(low * unit)
    return words.format(*shown), least, "" if high is None else str(high * unit - 1)


def _chips(address: Address) -> Iterator[Chip]:
    for name in FACETS:
        for value in address.all(name):
            href = address.changed(currency="") if name == "currency" else None
            yield Chip(_value_name(name, value), href or address.toggled(name, value))
    ends = (address.one("price_min_minor"), address.one("price_max_minor"))
    if any(ends):
        bands = (_band(address, band) for band in _BANDS)
        known = next((name for name, low, high in bands if (low, high) == ends), "Price")
        yield Chip(known, address.changed(price_min_minor="", price_max_minor=""))


def _value_name(facet: str, value: str) -> str:
    match facet:
        case "kind":
            return kind_of(value).name
        case "licence":
            return licence_name(value)
        case _:
            return value


@get("/search")
async def search_page(
    request: PageRequest, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """Results with facets; the whole page each time, of which htmx takes the part it needs."""
    address = read_address(request)
    question = question_of(address)
    answer = await market.search.search(question)
    view = view_of(address, question, answer)
    return pages.answer("pages/search.html", shell, search=view)


@get("/search/suggest", opt={"transaction": "own"})
async def suggest(market: Market, q: Annotated[str, Parameter(max_length=200)] = "") -> Suggestions:
    """Ways to go on from what is typed."""
    return await market.search.suggest(q)


ROUTES = [search_page, suggest]
