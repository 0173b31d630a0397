"""What the address of a search says, in one form whichever way it was written."""

from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict

from souk.discovery.alerts.api import FigureRange, filters_of
from souk.discovery.search.api import Between, Sort
from souk.web.pages.search import question_of
from souk.web.pages.search_address import (
    LISTS,
    RANGES,
    Address,
    Ends,
    address_of,
    read_address,
    read_ends,
    search_filters,
)


def read(*pairs: tuple[str, str]) -> Address:
    return read_address(MultiDict(pairs))


def again(href: str) -> Address:
    """The address that a link leads to."""
    return read(*parse_qsl(urlsplit(href).query))


words = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
    .map(str.strip)
    .filter(bool)
)
numbers = st.none() | st.decimals(0, 10**6, places=2)
addresses = st.fixed_dictionaries(
    {},
    optional={
        "q": words.map(lambda one: (one,)),
        "kind": st.just(("model", "dataset")),
        "tag": st.lists(words, min_size=1, max_size=4, unique=True).map(tuple),
        "region": st.just(("eu",)),
        "price": st.builds(Ends, numbers, numbers).map(lambda ends: (ends.text(),)),
        "latency": st.builds(Ends, numbers, numbers).map(lambda ends: (ends.text(),)),
        "sort": st.just(("newest",)),
        "view": st.just(("list",)),
    },
).map(lambda parts: Address({name: values for name, values in parts.items() if all(values)}))


@given(addresses)
def test_a_link_to_a_search_restores_all_of_it(address: Address) -> None:
    assert again(address.href()).parts == address.parts


@given(addresses)
def test_a_search_that_was_kept_leads_back_to_itself(address: Address) -> None:
    kept = address_of(address.one("q"), search_filters(address))
    once_more = search_filters(kept)
    assert filters_of(once_more) == filters_of(search_filters(address))


@given(addresses, words)
def test_taking_a_value_away_leaves_the_rest(address: Address, value: str) -> None:
    more = Address({**address.parts, "tag": (*address.all("tag"), value)})
    if value not in address.all("tag"):
        assert again(more.without("tag", value)).parts == address.parts


def test_a_filter_starts_again_at_the_first_page() -> None:
    address = Address({"cursor": ("abc",), "q": ("x",)})
    assert "cursor" not in address.changed(kind="model")


def test_a_form_and_a_link_say_a_range_alike() -> None:
    form = read(("rating", "own"), ("rating_min", "4"), ("rating_max", ""))
    assert form.parts == read(("rating", "4..")).parts == read(("rating_min", "4.0")).parts
    chosen = read(("rating", "3.."), ("rating_min", "1"), ("rating_max", "2"))
    assert chosen.one("rating") == "3..", "a choice lets go of the boxes"
    assert read(("rating", ""), ("rating_min", "")).parts == {}


def test_bounds_in_minor_units_are_understood() -> None:
    address = read(("price_min_minor", "1000"), ("price_max_minor", "9999"))
    assert address.one("price") == "10..99.99"
    assert read(("price_max_minor", "0")).one("price") == "..0"
    ether = read(("currency", "ETH"), ("price_min_minor", "10000000000"))
    assert ether.one("price") == "10.."


def test_figures_are_asked_for_in_the_units_of_the_index() -> None:
    address = read(
        ("price", "9.99..20"),
        ("rating", "4.5.."),
        ("accuracy", "0.9.."),
        ("latency", "..50"),
        ("size", "1..2.5"),
        ("memory", "..16"),
    )
    filters = question_of(address).filters
    assert (filters.price_min_minor, filters.price_max_minor) == (999, 2000)
    assert filters.rating_milli == Between(4500, None)
    assert filters.accuracy_ppm == Between(900_000, None)
    assert filters.latency_us == Between(None, 50_000)
    assert filters.size_bytes == Between(10**6, 2_500_000)
    assert filters.memory_mb == Between(None, 16_000)


@given(numbers, numbers)
def test_a_range_is_never_wider_than_what_was_asked(
    low: Decimal | None, high: Decimal | None
) -> None:
    ends = Ends(low, high)
    found = question_of(read(("price", ends.text()), ("latency", ends.text()))).filters
    for bounds, unit in (
        (Between(found.price_min_minor, found.price_max_minor), 100),
        (found.latency_us or Between(), 1000),
    ):
        assert low is None or (bounds.low is not None and bounds.low >= low * unit)
        assert high is None or (bounds.high is not None and bounds.high <= high * unit)


@pytest.mark.parametrize(
    "text", ["", "..", "x..y", "-5..", "1e309..", "NaN..", "5", "..\0", "9" * 16 + ".."]
)
def test_what_is_no_range_is_none(text: str) -> None:
    assert read_ends(text) == Ends() and read(("price", text)).parts == {}


@given(st.lists(st.tuples(st.sampled_from([*LISTS, *RANGES, "q", "sort", "view"]), st.text())))
def test_whatever_stands_in_an_address_makes_a_question(pairs: list[tuple[str, str]]) -> None:
    question_of(read(*pairs))


def test_an_address_that_makes_no_sense_is_read_as_far_as_it_goes() -> None:
    address = read(("sort", "sideways"), ("kind", "toaster"), ("kind", "model"), ("owner", "A B"))
    question = question_of(address)
    assert question.sort is Sort.RELEVANCE
    assert question.filters.kinds == ("model",) and question.filters.owners == ()


def test_absurdly_large_figures_are_capped() -> None:
    filters = search_filters(read(("size", "..999999999999999"), ("price", "..999999999999999")))
    assert filters.size_bytes == FigureRange(high=1e15)
    assert filters.price_max_minor == 10**15
