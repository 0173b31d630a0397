"""The pages of sites: an origin put behind the CDN, changed, purged, taken away."""

import httpx

from tests.market import sign_up
from tests.web.test_promotions import send
from tests.web.test_selling import page_session

HERE = "/account/sites"


def test_a_site_is_made_changed_purged_and_removed(base_url: str) -> None:
    owner, other = sign_up(base_url, "Ada Serves"), sign_up(base_url, "Mallory Looks")
    with page_session(base_url, owner) as browser, page_session(base_url, other) as stranger:
        assert "No sites yet" in browser.get(HERE).text
        wrong = send(browser, HERE, HERE, name="Shop", upstream="origin", hosts="no name!")
        assert wrong.status_code == 422 and "Write an address such as" in wrong.text
        assert "Write names such as" in wrong.text and "no name!" in wrong.text
        made = send(
            browser,
            HERE,
            HERE,
            name="Shop",
            upstream="https://origin.example.org",
            hosts="www.example.org, shop.example.org",
        )
        assert made.status_code == 303, made.text
        place = made.headers["location"]
        page = browser.get(place).text
        assert (
            "origin.example.org" in page and "To be proven" in page and f"/s/{place[-30:]}" in page
        )
        fields = {
            "name": "The shop",
            "upstream": "https://origin.example.org",
            "hosts": "www.example.org",
            "default_ttl_s": "60",
            "query": "sort",
            "stale_while_revalidate_s": "10",
            "stale_if_error_s": "20",
            "max_stale_s": "30",
            "methods": "get head",
            "bypass_cookies": "session",
        }
        bad = send(browser, place, place, **{**fields, "default_ttl_s": "soon"})
        assert bad.status_code == 422 and "whole number" in bad.text
        assert send(browser, place, place, **fields).status_code == 303
        page = browser.get(place).text
        assert 'value="60"' in page and "The shop" in page and "shop.example.org" not in page
        purged = send(browser, f"{place}/purge", place, below="images/")
        assert purged.status_code == 303 and "nodes=" in purged.headers["location"]
        assert "Confirmed by" in browser.get(purged.headers["location"]).text
        assert stranger.get(place).status_code == 404
        assert send(browser, f"{place}/remove", place).status_code == 303
        assert "No sites yet" in browser.get(HERE).text


def test_the_page_is_not_for_strangers(base_url: str) -> None:
    answer = httpx.get(f"{base_url}{HERE}")
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_needed")
