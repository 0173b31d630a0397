"""Addresses: a page leads nowhere but into the marketplace."""

import pytest

from souk.web.pages.addresses import after_sign_in, local_path, with_query


@pytest.mark.parametrize(
    "given_path",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "/a\nb",
        "/a\\b",
        "/\t/evil.example",
    ],
)
def test_a_way_back_never_leaves_the_marketplace(given_path: str) -> None:
    assert local_path(given_path) == "/"


def test_a_way_back_is_kept() -> None:
    assert local_path("/checkout/lst_1?offer=off_1") == "/checkout/lst_1?offer=off_1"


def test_an_empty_query_leaves_a_bare_path() -> None:
    assert with_query("/search", {"q": "", "tag": ()}) == "/search"


@pytest.mark.parametrize(
    ("given_path", "leads_to"),
    [
        ("/library", "/library"),
        ("/sign-in", "/"),
        ("/sign-up?next=/checkout/l%3Foffer%3Do%26via%3Dada", "/checkout/l?offer=o&via=ada"),
        ("/sign-in?next=/sign-up%3Fnext%3D/sign-in%253Fnext%253D/wallet", "/wallet"),
        ("/sign-in?next=//evil.example", "/"),
        ("/sign-in/?next=https://evil.example", "/"),
        ("/sign-in?next=/sign-in%3Fnext%3D//evil.example", "/"),
        ("/sign-in?next=/a&next=/b", "/b"),
        ("/sign-out", "/"),
        ("/sign-in-help", "/sign-in-help"),
    ],
)
def test_signing_in_leads_on_and_never_back_to_itself(given_path: str, leads_to: str) -> None:
    assert after_sign_in(given_path) == leads_to


def test_a_very_deep_way_back_ends() -> None:
    path = "/library"
    for _ in range(8):
        path = with_query("/sign-in", {"next": path})
    assert after_sign_in(path) == "/library"
    assert after_sign_in("/sign-in?next=" * 400) == "/"
