"""What pages tell machines: canonical addresses, Open Graph, who a seller is."""

import json
import re

import httpx
import pytest

from tests.market import publish, sign_up, slug_of


@pytest.fixture(scope="module")
def seller(base_url: str) -> tuple[str, str]:
    """Slug of a seller whose name is an attack, and the address of a work of theirs."""
    client = sign_up(base_url, "</script><b>Eve & Co")
    return slug_of(client), publish(client).address


def html_of(base_url: str, path: str, *statuses: int) -> str:
    answer = httpx.get(base_url + path, headers={"accept": "text/html"})
    assert answer.status_code in (statuses or (200,))
    return answer.text


def meta(html: str) -> dict[str, str]:
    return dict(re.findall(r'<meta property="(og:[^"]+)" content="([^"]*)">', html))


def canonicals(html: str) -> list[str]:
    return re.findall(r'<link rel="canonical" href="([^"]+)">', html)


def test_a_page_has_one_address_whatever_was_asked(base_url: str) -> None:
    html = html_of(base_url, "/browse?from=a-friend")
    assert canonicals(html) == [f"{base_url}/browse"]
    told = meta(html)
    assert told["og:title"] == "Browse by category"
    assert told["og:url"] == f"{base_url}/browse"
    assert told["og:image"] == f"{base_url}/share.png"
    assert told["og:site_name"] == "Souk"
    assert httpx.get(told["og:image"]).headers["content-type"] == "image/png"


@pytest.mark.parametrize("path", ["/search?q=iris", "/there/is-none"])
def test_what_is_no_place_of_its_own_is_left_out(base_url: str, path: str) -> None:
    html = html_of(base_url, path, 200, 404, 503)  # search may still be starting
    assert canonicals(html) == []
    assert '<meta name="robots" content="noindex' in html


@pytest.mark.parametrize("path", ["/search", "/search?kind=model"])
def test_shelves_of_the_market_may_be_indexed(base_url: str, path: str) -> None:
    assert 'name="robots"' not in html_of(base_url, path)
    text = httpx.get(f"{base_url}/robots.txt").text
    assert "Disallow: /search?*q=" in text and "Disallow: /search?\n" not in text


def test_a_listing_says_it_once(base_url: str, seller: tuple[str, str]) -> None:
    html = html_of(base_url, f"/{seller[1]}?version=1.0.0")
    assert canonicals(html) == [f"{base_url}/{seller[1]}"]
    assert html.count('property="og:title"') == 1
    assert meta(html)["og:type"] == "product"


def test_a_seller_is_an_organisation(base_url: str, seller: tuple[str, str]) -> None:
    html = html_of(base_url, f"/{seller[0]}")
    assert canonicals(html) == [f"{base_url}/{seller[0]}"]
    assert meta(html)["og:type"] == "profile"
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)
    assert len(found) == 1
    about = json.loads(found[0])
    assert about["@type"] == "Organization"
    assert about["name"] == "</script><b>Eve & Co"
    assert about["url"] == f"{base_url}/{seller[0]}"
    assert "aggregateRating" not in about, "nobody has rated yet"
