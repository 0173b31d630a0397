"""Addresses: a page leads nowhere but into the marketplace, and a search's address holds it all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.discovery.search.api import Sort
from souk.web.pages.addresses import local_path, with_query
from souk.web.pages.search import Address, question_of


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
