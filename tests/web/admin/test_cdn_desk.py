"""The operator's pages of reports, alerts and scaling, and the seller's page of delivery."""

from collections.abc import Iterator

import httpx
import pytest

from tests.admins import admin_client
from tests.market import organisation_of, publish, sign_up
from tests.web.admin.test_admin_pages import Page


@pytest.fixture(scope="module")
def operator(base_url: str, session_owner_dsn: str) -> Iterator[Page]:
    with admin_client(base_url, session_owner_dsn) as admin:
        yield Page(base_url, admin.get("/api/v1/me").json()["user"]["email"])


def test_prices_are_set_and_shown_again(operator: Page) -> None:
    here = "/admin/cdn/report"
    assert "Availability in" in operator.get(here)
    wrong = operator.post(here, at=here, currency="USD", **{"egress-": "cheap"})
    assert wrong.status_code == 422 and "is no price" in wrong.text
    set_to = {"egress-": "0.09", "egress-eu-west": "0.012", "hour-eu-west": "0.5"}
    assert operator.post(here, at=here, currency="eur", **set_to).status_code == 303
    shown = operator.get(here)
    assert 'value="0.012"' in shown and 'value="EUR"' in shown
    assert operator.post(here, at=here, currency="EUR").status_code == 303
    assert 'value="0.012"' not in operator.get(here)


def test_limits_are_set_and_removed(operator: Page) -> None:
    here = "/admin/cdn/alerts"
    fields = {"metric": "load", "region": "", "side": "above", "for_s": "60"}
    unsound = operator.post(here, at=here, name="Full", threshold="0.8", clear_at="0.9", **fields)
    assert unsound.status_code == 422 and "good side" in unsound.text
    odd = operator.post(here, at=here, name="Full", threshold="much", **fields)
    assert odd.status_code == 422
    made = operator.post(here, at=here, name="Nearly full", threshold="0.8", **fields)
    assert made.status_code == 303
    shown = operator.get(here)
    assert "Nearly full" in shown and "above 0.8" in shown
    rule_id = shown.partition("Remove Nearly full")[0].rpartition("/admin/cdn/alerts/")[2]
    path = f"/admin/cdn/alerts/{rule_id.partition('/')[0]}/remove"
    assert operator.post(path, at=here).status_code == 303
    assert "Nearly full" not in operator.get(here)


def test_policies_are_set_and_tokens_made(operator: Page) -> None:
    here = "/admin/cdn/scaling"
    numbers = {"target_load": "0.5", "cool_down_s": "600", "drain_s": "5"}
    policy = {"region": "na-west", **numbers}
    wrong = operator.post(here, at=here, minimum="2", maximum="1", **policy)
    assert wrong.status_code == 422 and "minimum is at most" in wrong.text
    assert operator.post(here, at=here, minimum="0", maximum="0", **policy).status_code == 303
    assert "0 to 0 at 50 %" in operator.get(here)
    assert operator.post(f"{here}/na-west/remove", at=here).status_code == 303
    assert "0 to 0 at 50 %" not in operator.get(here)
    made = operator.post(f"{here}/order", at=here, region="na-west", provider="token")
    assert made.status_code == 200 and "souk edge --region na-west" in made.text
    elsewhere = operator.post(f"{here}/order", at=here, region="na-west", provider="moon")
    assert elsewhere.status_code == 422


def test_a_seller_keeps_a_work_near_its_users(base_url: str) -> None:
    seller = sign_up(base_url)
    listing = publish(seller, title="A work that is near")
    page = Page(base_url, seller.account.get().user.email)
    here = "/selling/delivery"
    assert "Nothing was downloaded from a node" in page.get(here)
    fields = {"organisation": organisation_of(seller), "kind": "pin", "region": "eu-west"}
    none = page.post(here, at=here, listing="", **fields)
    assert none.status_code == 422 and "Choose the work" in none.text
    assert page.post(here, at=here, listing=listing.id, **fields).status_code == 303
    shown = page.get(here)
    assert "A work that is near" in shown and "Europe, west" in shown
    placement = shown.partition("End this placement")[0].rpartition("/selling/delivery/")[2]
    stranger = Page(base_url, sign_up(base_url).account.get().user.email)
    path = f"/selling/delivery/{placement.partition('/')[0]}/remove"
    assert stranger.post(path, at=here).status_code == 404
    assert page.post(path, at=here).status_code == 303
    assert "Nothing is kept ahead" in page.get(here)
    assert httpx.get(f"{base_url}{here}").status_code in {303, 401}
