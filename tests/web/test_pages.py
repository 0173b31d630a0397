"""Pages over HTTP, as a browser without scripts uses them: walls, tokens, and doing things once."""

import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.works import ListingRequest
from tests import market
from tests.serving import SECRET, Marketplace

pytestmark = [pytest.mark.database, pytest.mark.slow]

HTML = {"accept": "text/html,application/xhtml+xml"}
PRIVATE = (
    "/library",
    "/wallet",
    "/selling",
    "/selling/promotions",
    "/notices",
    "/account",
    "/account/keys",
    "/account/searches",
    "/account/organisations",
    "/publish",
    "/admin",
)


class Browser:
    """A browser without scripts."""

    def __init__(self, base_url: str) -> None:
        self.client = httpx.Client(base_url=base_url, headers=HTML, timeout=30)

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def post(self, path: str, page: str, **fields: str) -> httpx.Response:
        """Sends the form of a page: its hidden fields, then what is typed."""
        hidden = dict(
            re.findall(r'<input type="hidden" name="([\w]+)" value="([^"]*)"', self.get(page).text)
        )
        return self.client.post(path, data={**hidden, **fields})

    def sign_up(self) -> str:
        """A new account; answers its handle."""
        handle = f"page-{secrets.token_hex(5)}"
        answer = self.post(
            "/sign-up",
            "/sign-up",
            name="Page Tester",
            handle=handle,
            email=f"{handle}@example.org",
            password=market.PASSWORD,
        )
        assert answer.status_code == 303, answer.text
        return handle

    def deposit(self, amount: str) -> None:
        answer = self.post("/wallet/deposits", "/wallet", amount=amount, currency="USD")
        assert answer.status_code == 303, answer.text


@pytest.fixture
def browser(base_url: str) -> Iterator[Browser]:
    made = Browser(base_url)
    yield made
    made.client.close()


@pytest.mark.parametrize("path", PRIVATE)
def test_a_private_page_asks_to_sign_in_first(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 303
    assert urlsplit(answer.headers["location"]).path == "/sign-in"


def test_admin_pages_are_for_admins(browser: Browser) -> None:
    browser.sign_up()
    for path in ("/admin", "/admin/listings", "/admin/quarantine", "/admin/dead-letters"):
        assert browser.get(path).status_code == 403


def test_an_admin_sees_users_and_what_the_scan_refused(
    browser: Browser, marketplace: Marketplace, tmp_path: Path
) -> None:
    handle = browser.sign_up()
    email = f"{handle}@example.org"
    subprocess.run(
        [sys.executable, "-m", "souk.apps.cli", "admin", email],
        env={
            **os.environ,
            "SOUK_DATABASE_URL": marketplace.owner_dsn,
            "SOUK_SECRET": SECRET,
            "SOUK_DATA_DIR": str(marketplace.data_dir),
        },
        check=True,
        capture_output=True,
    )
    seller = market.sign_up(marketplace.base_url)
    shady = tmp_path / "shady.pkl"
    shady.write_bytes(b"cos\nsystem\n(S'" + handle.encode() + b"'\ntR.")
    artifact = seller.upload_file(shady)
    deadline = time.monotonic() + 60
    while artifact.sha256 not in (text := browser.get("/admin/quarantine").text):
        assert time.monotonic() < deadline, "the scan did not refuse it"
        time.sleep(0.3)
    assert "system" in text.partition(artifact.sha256)[2].partition("</ul>")[0]
    assert handle in browser.get(f"/admin?find={handle}").text
    assert browser.get("/admin/listings").status_code == 200
    assert "Nothing is stuck" in browser.get("/admin/dead-letters").text


def test_what_belongs_to_others_is_not_there(browser: Browser, base_url: str) -> None:
    seller, buyer = market.sign_up(base_url), market.funded(base_url)
    listing = market.publish(seller)
    order = buyer.orders.create(OrderRequest(listing_id=listing.id))
    draft = seller.listings.create(
        ListingRequest(kind="model", slug="hidden-draft", title="Hidden draft")
    )
    browser.sign_up()
    for path in (
        f"/orders/{order.id}",
        f"/orders/{order.id}/receipt.txt",
        f"/library/{order.licence_id}",
        f"/publish/{listing.id}/details",
        f"/publish/{draft.id}/review",
        f"/{draft.address}",
        f"/account/organisations/{market.organisation_of(seller)}",
        f"/wallet?organisation={market.organisation_of(seller)}",
        f"/selling?organisation={market.organisation_of(seller)}",
    ):
        assert browser.get(path).status_code == 404, path


def test_absurd_searches_are_answered_in_words_for_people(browser: Browser) -> None:
    address = "/search?price=1e999..&latency=..-1&kind=model%22+OR+1%3D1&sort=evil"
    deadline = time.monotonic() + 60
    while (noted := browser.get(address)).status_code == 503:
        assert time.monotonic() < deadline, "the index was not built"
        time.sleep(0.2)
    assert noted.status_code == 200 and "Not understood, and left out" in noted.text
    assert all(word in noted.text for word in ("1e999..", "..-1", "OR 1=1", "evil"))
    assert "Not understood" not in browser.get("/search?price=1..2&kind=model&sort=newest").text
    long = browser.get(f"/search?q={'x' * 10_000}")
    assert long.status_code == 422 and "this one has 10,000" in long.text
    upside_down = browser.get("/search?price=10..5")
    assert upside_down.status_code == 422 and "The lowest price is above" in upside_down.text
    lost = browser.get("/search?cursor=nonsense")
    assert lost.status_code == 422 and "next_cursor" not in lost.text
    nul = browser.get("/browse/%00")
    assert nul.status_code in (404, 422) and "cannot be stored" not in nul.text


def test_others_listings_cannot_be_changed(browser: Browser, base_url: str) -> None:
    listing = market.publish(market.sign_up(base_url))
    browser.sign_up()
    for step in ("details", "files", "price", "publish", "retire"):
        answer = browser.post(f"/publish/{listing.id}/{step}", "/publish", title="Mine now")
        assert answer.status_code == 404, step


def test_a_purchase_sent_twice_buys_once(browser: Browser, base_url: str) -> None:
    seller = market.sign_up(base_url)
    listing = market.publish(seller, price_minor=400)
    browser.sign_up()
    browser.deposit("10")
    page = browser.get(f"/checkout/{listing.id}")
    fields = dict(re.findall(r'<input type="hidden" name="([\w]+)" value="([^"]*)"', page.text))
    first = browser.client.post(f"/checkout/{listing.id}", data=fields)
    again = browser.client.post(f"/checkout/{listing.id}", data=fields)
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["location"] == again.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "$6.00" in browser.get("/wallet").text
    assert market.available(seller) == 360


def test_a_price_that_changed_meanwhile_is_not_charged(browser: Browser, base_url: str) -> None:
    listing = market.publish(market.sign_up(base_url), price_minor=500)
    browser.sign_up()
    browser.deposit("10")
    answer = browser.post(f"/checkout/{listing.id}", f"/checkout/{listing.id}", price="1")
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert "$10.00" in browser.get("/wallet").text


def test_markup_in_a_card_and_a_title_does_nothing(browser: Browser, base_url: str) -> None:
    listing = market.publish(
        market.sign_up(base_url, "<b>Bold</b> Seller"),
        title='"><script>alert(1)</script>',
        card="<script>alert(2)</script><img src=x onerror=alert(3)>\n\n# Fine",
    )
    text = browser.get(f"/{listing.address}").text
    assert "alert(2)" not in text and "onerror" not in text
    assert "<script>alert(1)" not in text and "&lt;script&gt;alert(1)" in text
    assert "<h2>Fine</h2>" in text
    assert "<b>Bold" not in text


@pytest.mark.parametrize(
    ("amount", "words"),
    [("0", "amount"), ("-5", "not negative"), ("1.005", "2 decimals"), ("lots", "such as 19.00")],
)
def test_a_deposit_that_makes_no_sense_is_refused_beside_its_field(
    browser: Browser, amount: str, words: str
) -> None:
    browser.sign_up()
    answer = browser.post("/wallet/deposits", "/wallet", amount=amount, currency="USD")
    assert answer.status_code == 422
    assert words in answer.text.partition('id="f-amount-error"')[2].partition("</p>")[0]


def test_a_key_is_shown_once(browser: Browser, base_url: str) -> None:
    browser.sign_up()
    answer = browser.post("/account/keys", "/account/keys", name="Laptop")
    found = re.search(r"vk_[0-9a-z]+_[0-9a-f]{64}", answer.text)
    assert found
    assert market.connect(base_url, api_key=found[0]).account.get().user.name == "Page Tester"
    assert found[0] not in browser.get("/account/keys").text


def test_the_reference_lists_every_operation(browser: Browser, base_url: str) -> None:
    paths = httpx.get(f"{base_url}/openapi.json", timeout=60).json()["paths"]
    page = browser.get("/docs/api").text
    for path, methods in paths.items():
        for method in methods:
            pointer = path.replace("/", "~1")
            assert f'href="/openapi.json#/paths/{pointer}/{method}"' in page, (method, path)
    assert 'id="operations"' not in browser.get("/docs/errors").text


def test_a_bad_address_is_a_page_that_leads_on(browser: Browser) -> None:
    for path in ("/nothing", "/no-one/nothing", "/docs/nothing", "/tiles/model/x.png"):
        answer = browser.get(path)
        assert answer.status_code == 404
        assert "There is nothing at this address" in answer.text
    assert browser.get("/search?cursor=nonsense").status_code == 422


def test_a_way_back_to_another_site_is_not_taken(browser: Browser) -> None:
    handle = browser.sign_up()
    browser.post("/sign-out", "/account")
    answer = browser.post(
        "/sign-in",
        "/sign-in?next=https://evil.example/",
        email=f"{handle}@example.org",
        password=market.PASSWORD,
    )
    assert answer.headers["location"] == "/"


def test_the_session_cookie_is_out_of_scripts_reach(browser: Browser) -> None:
    handle = f"page-{secrets.token_hex(5)}"
    answer = browser.post(
        "/sign-up",
        "/sign-up",
        name="Cookie",
        handle=handle,
        email=f"{handle}@example.org",
        password=market.PASSWORD,
    )
    cookie = next(c for c in answer.headers.get_list("set-cookie") if "souk_session" in c)
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
