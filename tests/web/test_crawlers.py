"""What search engines and language models are told: every public page, and none that is not."""

import re
from xml.etree import ElementTree as Xml

import httpx
import pytest

from tests.market import publish, sign_up

NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def locations(base_url: str, path: str) -> list[str]:
    answer = httpx.get(base_url + path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/xml")
    found = [place.text or "" for place in Xml.fromstring(answer.text).findall(".//s:loc", NAMES)]
    return [re.sub(r"^https?://[^/]+", "", place) for place in found]


def test_the_sitemap_names_each_published_listing_once_and_no_draft(base_url: str) -> None:
    seller = sign_up(base_url)
    public = [publish(seller) for _ in range(3)]
    gone = publish(seller)
    seller.listings.retire(gone.id)
    files = locations(base_url, "/sitemap.xml")
    assert files[0] == "/sitemaps/pages.xml"
    listed = [place for path in files[1:] for place in locations(base_url, path)]
    assert len(listed) == len(set(listed))
    assert {f"/{listing.address}" for listing in public} <= set(listed)
    assert f"/{gone.address}" not in listed
    assert httpx.get(base_url + listed[-1]).status_code == 200


def test_the_fixed_pages_of_the_sitemap_are_there(base_url: str) -> None:
    pages = locations(base_url, "/sitemaps/pages.xml")
    assert {"/", "/search", "/docs/api"} <= set(pages)
    for path in pages:
        assert httpx.get(base_url + path).status_code == 200


@pytest.mark.parametrize("name", ["pages", "zzz.xml", "lst_zzzz.xml", "%00.xml", "~.xml"])
def test_other_sitemaps_are_not(base_url: str, name: str) -> None:
    assert httpx.get(f"{base_url}/sitemaps/{name}").status_code in (404, 422)


def test_robots_may_not_read_what_is_private(base_url: str) -> None:
    text = httpx.get(f"{base_url}/robots.txt").text
    assert "Disallow: /account" in text and "Disallow: /wallet" in text
    assert re.search(r"^Sitemap: https?://.+/sitemap\.xml$", text, re.MULTILINE)


def test_models_find_the_api_and_the_reference(base_url: str) -> None:
    text = httpx.get(f"{base_url}/llms.txt").text
    assert text.startswith("# Souk\n\n> ")
    links = re.findall(r"\]\(https?://[^/]+(/[^)]*)\)", text)
    assert "/openapi.json" in links and "/docs/api" in links
    for path in links:
        assert httpx.get(base_url + path).status_code == 200, path
