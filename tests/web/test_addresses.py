"""Addresses: a page leads nowhere but into the marketplace, and a search's address holds it all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.discovery.search.api import Sort
from souk.web.pages.addresses import local_path, with_query
from souk.web.pages.search import Address, question_of, view_of
from souk_client.contracts.discovery import Facet, FacetValue, SearchAnswer


@pytest.mark.parametrize(
    "given_path",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "/a\nb",
    ],
)
def test_a_way_back_never_leaves_the_marketplace(given_path: str) -> None:
    assert local_path(given_path) == "/"


def test_a_way_back_is_kept() -> None:
    assert local_path("/checkout/lst_1?offer=off_1") == "/checkout/lst_1?offer=off_1"


@given(st.text(max_size=30), st.text(max_size=30))
def test_choosing_a_value_twice_changes_nothing(value: str, other: str) -> None:
    address = Address({"q": ("words",), "tag": (other,) if other else ()})
    if not value or value == other:
        return
    once = address.toggled("tag", value)
    back = Address({"q": ("words",), "tag": (*address.all("tag"), value)}).toggled("tag", value)
    assert value not in address.all("tag") and once != back
    assert back == address.changed()


def test_a_filter_starts_again_at_the_first_page() -> None:
    assert "cursor" not in Address({"cursor": ("abc",), "q": ("x",)}).toggled("kind", "model")


def test_an_address_that_makes_no_sense_is_read_as_far_as_it_goes() -> None:
    question = question_of(
        Address({"sort": ("sideways",), "price_max_minor": ("-5",), "kind": ("model",)})
    )
    assert question.sort is Sort.RELEVANCE
    assert question.filters.price_max_minor is None
    assert question.filters.kinds == ("model",)


def test_an_empty_query_leaves_a_bare_path() -> None:
    assert with_query("/search", {"q": "", "tag": ()}) == "/search"


def facets(**counts: dict[str, int]) -> SearchAnswer:
    found = [
        Facet(name=name, values=[FacetValue(value=v, count=n) for v, n in values.items()])
        for name, values in counts.items()
    ]
    return SearchAnswer(items=[], total=0, facets=found, took_ms=1.0)


def test_price_bands_are_in_the_currency_chosen() -> None:
    for code, name, low, high in (
        ("", "$10 to $100", "1000", "9999"),
        ("EUR", "€10 to €100", "1000", "9999"),
        ("ETH", "10 ETH to 100 ETH", "10000000000", "99999999999"),
    ):
        address = Address({"currency": (code,) if code else ()})
        answer = facets(price={"10-100": 4}, currency={code or "USD": 4})
        view = view_of(address, question_of(address), answer)
        band = next(facet for facet in view.facets if facet.title == "Price").values[0]
        assert (band.name, band.count) == (name, 4)
        assert f"price_min_minor={low}&price_max_minor={high}" in band.href


def test_bands_over_several_currencies_promise_no_number() -> None:
    answer = facets(price={"free": 9, "10-100": 4}, currency={"USD": 3, "EUR": 1})
    address = Address({})
    view = view_of(address, question_of(address), answer)
    titles = [facet.title for facet in view.facets]
    assert titles == ["Currency", "Price"]
    assert [value.count for value in view.facets[1].values] == [9, None]


def test_a_band_in_use_is_a_filter_that_can_be_taken_away() -> None:
    address = Address({"price_min_minor": ("1000",), "price_max_minor": ("9999",)})
    view = view_of(address, question_of(address), facets())
    assert [(chip.name, chip.href) for chip in view.chips] == [("$10 to $100", "/search")]
