"""Addresses: a page leads nowhere but into the marketplace."""

import pytest

from souk.web.pages.addresses import local_path, with_query


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


def test_an_empty_query_leaves_a_bare_path() -> None:
    assert with_query("/search", {"q": "", "tag": ()}) == "/search"
