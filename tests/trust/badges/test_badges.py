"""Storefronts over the API: words, a website proved for real, an identity checked by an admin."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from souk_client.contracts.commerce import OrderRequest
from souk_client.sdk import Souk, SoukApiError
from tests.market import organisation_of, publish, refused, sign_up, slug_of
from tests.serving import Marketplace
from tests.trust.badges.conftest import admin_of


class Site(ThreadingHTTPServer):
    """A seller's website on this machine."""

    text = ""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Page(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        if self.path != "/.well-known/souk-verification.txt":
            self.send_error(404)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.text.encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.fixture
def seller(lenient: Marketplace) -> Souk:
    return sign_up(lenient.base_url, "Ada Lovelace")


def until(found: Callable[[], str], wanted: str) -> None:
    deadline = time.monotonic() + 60
    while found() != wanted:
        assert time.monotonic() < deadline, f"still {found()}"
        time.sleep(0.1)


def state_of(seller: Souk, kind: str) -> str:
    checks = seller.storefronts.get(slug_of(seller)).badge.checks
    return next(check.state for check in checks if check.kind == kind)


def test_a_seller_says_who_it_is_and_nobody_else_does(lenient: Marketplace, seller: Souk) -> None:
    slug = slug_of(seller)
    fresh = seller.storefronts.get(slug)
    assert fresh.about == "" and fresh.website is None and not fresh.badge.verified
    said = seller.storefronts.update(
        slug, about="I make **engines**.", website="https://ada.example"
    )
    assert (said.about, said.website) == ("I make **engines**.", "https://ada.example")
    stranger = sign_up(lenient.base_url)
    assert stranger.storefronts.get(slug) == seller.storefronts.get(slug)
    with refused("not_manager", 403):
        stranger.storefronts.update(slug, about="I am Ada.")
    with refused("not_manager", 403):
        stranger.storefronts.check_website(slug)
    with refused("not_manager", 403):
        stranger.storefronts.ask_identity(slug, evidence="I am Ada, really.")
    with refused("permission_missing", 403):
        stranger.storefronts.decide_identity(slug, passed=True, note="It is her.")
    with refused("organisation_unknown", 404):
        stranger.storefronts.get("nobody-here")


def test_reputation_is_what_can_be_counted(seller: Souk, lenient: Marketplace) -> None:
    publish(seller)
    publish(seller, price_minor=0)
    buyer = sign_up(lenient.base_url)
    free = publish(seller, price_minor=0)
    buyer.orders.create(OrderRequest(listing_id=free.id))
    known = seller.storefronts.get(slug_of(seller)).reputation
    assert (known.works, known.sales, known.followers, known.rating.count) == (3, 1, 0, 0)


def test_a_website_that_carries_the_text_is_proved_until_another_is_named(
    seller: Souk, site: Site
) -> None:
    slug = slug_of(seller)
    publish(seller)
    with refused("website_missing", 409):
        seller.storefronts.check_website(slug)
    seller.storefronts.update(slug, website=site.address)
    proof = seller.storefronts.check_website(slug)
    assert proof.address == f"{site.address}/.well-known/souk-verification.txt"
    until(lambda: state_of(seller, "website"), "failed")
    site.text = "something else"
    seller.storefronts.check_website(slug)
    until(lambda: state_of(seller, "website"), "failed")
    site.text = proof.content + "\n"
    seller.storefronts.check_website(slug)
    until(lambda: state_of(seller, "website"), "passed")
    assert seller.storefronts.get(slug).badge.verified
    seller.storefronts.update(slug, website=f"{site.address}/other")
    assert state_of(seller, "website") == "open"
    assert not seller.storefronts.get(slug).badge.verified


def test_the_text_of_one_seller_proves_nothing_for_another(
    seller: Souk, site: Site, lenient: Marketplace
) -> None:
    other = sign_up(lenient.base_url)
    for one in (seller, other):
        one.storefronts.update(slug_of(one), website=site.address)
    site.text = seller.storefronts.website_check(slug_of(seller)).content
    other.storefronts.check_website(slug_of(other))
    until(lambda: state_of(other, "website"), "failed")


def test_the_operator_checks_who_it_is(seller: Souk, lenient: Marketplace) -> None:
    slug = slug_of(seller)
    publish(seller)
    badge = seller.storefronts.ask_identity(slug, evidence="Register entry HRB 1815, Berlin")
    assert not badge.verified
    with refused("identity_pending", 409):
        seller.storefronts.ask_identity(slug, evidence="Register entry HRB 1815, Berlin")
    assert "HRB 1815" not in str(seller.storefronts.get(slug))
    with refused("permission_missing", 403):
        seller.storefronts.identity_cases()
    admin = admin_of(lenient)
    cases = admin.storefronts.identity_cases(limit=100).items
    assert [case.evidence for case in cases if case.organisation.id == organisation_of(seller)] == [
        "Register entry HRB 1815, Berlin"
    ]
    decided = admin.storefronts.decide_identity(slug, passed=True, note="Register entry read")
    assert decided.verified
    with refused("identity_not_pending", 409):
        admin.storefronts.decide_identity(slug, passed=False, note="Changed my mind")
    assert seller.storefronts.get(slug).badge.verified
    assert "Register entry read" in str(seller.storefronts.get(slug).badge.checks)
    renamed = seller.http.patch(
        f"/api/v1/organisations/{organisation_of(seller)}",
        json={"name": "Somebody Else"},
        headers={"authorization": f"Bearer {seller.credentials.token}"},
    )
    assert renamed.status_code == 200
    assert not seller.storefronts.get(slug).badge.verified


@pytest.mark.parametrize(
    "website",
    ["ftp://ada.example", "javascript:alert(1)", "https://", "https://a b", "//ada.example"],
)
def test_what_is_no_website_is_refused(seller: Souk, website: str) -> None:
    with pytest.raises(SoukApiError) as refusal:
        seller.storefronts.update(slug_of(seller), website=website)
    assert refusal.value.status in (400, 422)
    assert seller.storefronts.get(slug_of(seller)).website is None


def test_a_page_shows_the_seller(seller: Souk, lenient: Marketplace) -> None:
    listing = publish(seller)
    about = "<script>alert(1)</script>\n\nI *make* engines."
    seller.storefronts.update(slug_of(seller), about=about)
    page = httpx.get(f"{lenient.base_url}/{slug_of(seller)}")
    assert page.status_code == 200
    assert listing.title in page.text and "<em>make</em>" in page.text
    assert "<script>alert" not in page.text
    assert httpx.get(f"{lenient.base_url}/nobody-here").status_code == 404
