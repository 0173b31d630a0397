"""What search engines and language models are told: every public page, and none that is not."""

import re
import time
from xml.etree import ElementTree as Xml

import httpx
import pytest

from souk_client.contracts.collections import CollectionRequest
from tests.market import publish, sign_up, slug_of

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


def test_the_sitemap_names_storefronts_and_public_collections_of_those_who_have_any(
    base_url: str,
) -> None:
    seller, nobody = sign_up(base_url), sign_up(base_url)
    listing = publish(seller, category="gardening")
    seen = seller.collections.create(CollectionRequest(title="Seen"))
    private = seller.collections.create(CollectionRequest(title="Ours", visibility="private"))
    empty = seller.collections.create(CollectionRequest(title="Empty"))
    for one in (seen, private):
        seller.collections.put_item(one.id, listing.id)
    files = locations(base_url, "/sitemap.xml")
    listed = {place for path in files[1:] for place in locations(base_url, path)}
    assert {f"/{slug_of(seller)}", f"/collections/{seen.address}"} <= listed
    assert f"/{slug_of(nobody)}" not in listed
    assert not {f"/collections/{one.address}" for one in (private, empty)} & listed
    for path in (f"/{slug_of(seller)}", f"/collections/{seen.address}"):
        assert httpx.get(base_url + path).status_code == 200


def test_the_sitemap_names_categories(base_url: str) -> None:
    publish(sign_up(base_url), category="gardening")
    for _ in range(400):
        if "/browse/gardening" in locations(base_url, "/sitemaps/pages.xml"):
            return
        time.sleep(0.1)  # the index follows, and the front page is at most some seconds old
    raise AssertionError("the category is not in the sitemap")


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
