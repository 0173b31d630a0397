"""Works that are not sold everywhere: who may buy them, and what others are told."""

import re

import httpx
import pytest

from souk.commerce.orders.regions import check_region
from souk.kernel.errors import SoukError
from souk.people.organisations.countries import COUNTRIES, named_regions, region_of
from souk_client.contracts.commerce import OrderRequest
from souk_client.sdk import Souk
from tests.market import (
    PASSWORD,
    available,
    connect,
    funded,
    organisation_of,
    publish,
    refused,
    sign_up,
)

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def seller(base_url: str) -> Souk:
    return sign_up(base_url)


def test_every_country_lies_in_one_part_of_the_world() -> None:
    codes = [code for code, _ in COUNTRIES]
    assert len(codes) == len(set(codes)) == 243
    expected = {"DE": "eu", "JP": "as", "MX": "na", "BR": "sa", "NZ": "oc", "EG": "af", "TR": "as"}
    assert {code: region_of(code) for code in expected} == expected
    assert region_of("XX") is None
    assert named_regions(["na", "af"]) == "Africa and North America"
    assert named_regions([]) == ""


def test_what_is_sold_everywhere_asks_nothing() -> None:
    check_region([], None)
    with pytest.raises(SoukError, match="Europe only"):
        check_region(["eu"], None)


def test_a_buyer_outside_is_refused_before_money_moves(base_url: str, seller: Souk) -> None:
    listing = publish(seller, regions=["eu", "as"], price_minor=1_000)
    buyer = funded(base_url)
    before, me = available(buyer), organisation_of(buyer)
    with refused("country_needed", 409) as refusal:
        buyer.orders.create(OrderRequest(listing_id=listing.id))
    assert "Asia and Europe" in refusal.problem.problem.detail
    assert buyer.organisations.billing(me).country is None
    assert buyer.organisations.state_billing(me, country="BR").region == "sa"
    with refused("region_not_served", 403) as refusal:
        buyer.orders.create(OrderRequest(listing_id=listing.id))
    assert "Brazil" in refusal.problem.problem.detail
    assert available(buyer) == before
    assert not buyer.orders.list(side="buyer").items
    buyer.orders.create(OrderRequest(listing_id=publish(seller, price_minor=0).id))
    buyer.organisations.state_billing(me, country="DE")
    order = buyer.orders.create(OrderRequest(listing_id=listing.id))
    assert available(buyer) == before - order.price_minor


def test_a_country_is_its_members_alone_and_one_that_exists(base_url: str) -> None:
    buyer, stranger = sign_up(base_url), sign_up(base_url)
    me = organisation_of(buyer)
    with refused("country_unknown", 422):
        buyer.organisations.state_billing(me, country="ZZ")
    buyer.organisations.state_billing(me, country="NZ")
    with refused("organisation_unknown", 404):
        stranger.organisations.billing(me)
    with refused("organisation_unknown", 404):
        stranger.organisations.state_billing(me, country="DE")
    with refused("sign_in_needed", 401):
        connect(base_url).organisations.billing(me)
    shared = buyer.organisations.create(slug=f"shared-{me[-8:]}", name="Shared")
    assert buyer.organisations.billing(shared.id).country is None


def test_the_pages_say_where_it_is_sold_and_ask_where_the_buyer_is(
    base_url: str, seller: Souk
) -> None:
    listing = publish(seller, regions=["oc"], price_minor=0)
    buyer = sign_up(base_url)
    email, me = buyer.account.get().user.email, organisation_of(buyer)
    buyer.organisations.state_billing(me, country="PE")
    with httpx.Client(base_url=base_url, timeout=30, headers={"accept": "text/html"}) as browser:

        def token(page: str) -> str:
            found = re.search(r'name="_csrf_token" value="([^"]+)"', browser.get(page).text)
            assert found is not None
            return found[1]

        page = browser.get(f"/{listing.address}").text
        assert "Sold in Oceania only" in page
        assert "Not sold where you are" not in page
        form = {"email": email, "password": PASSWORD, "_csrf_token": token("/sign-in")}
        assert browser.post("/sign-in", data=form).status_code == 303
        page = browser.get(f"/{listing.address}").text
        assert "Not sold where you are" in page
        assert re.search(r"btn-accent[^>]* disabled>", page)
        checkout = f"/checkout/{listing.id}"

        def pay(**fields: str) -> httpx.Response:
            keys = {"_csrf_token": token(checkout), "_idempotency_key": f"pay-{len(fields)}-{me}"}
            return browser.post(checkout, data={**keys, **fields})

        answer = pay()
        assert answer.status_code == 403
        assert "you buy from Peru" in answer.text and 'name="country"' in answer.text
        assert pay(country="NZ").status_code == 303
        assert buyer.organisations.billing(me).country == "NZ"
        save = f"/account/organisations/{me}/country"
        sent = {"_csrf_token": token("/account"), "country": "AU"}
        assert browser.post(save, data=sent).status_code == 303
        assert re.search(r'value="AU" selected', browser.get("/account").text)
