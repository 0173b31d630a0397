"""Another organisation's ids on every page that takes one: nothing is shown or changed."""

import importlib
import pkgutil
import re
import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

import souk.web.pages
from tests.security.world import PASSWORD, World, make_world

ATTACKS: dict[str, list[str]] = {
    "POST /library/{licence_id:str}/mint": ["/library/{licence_id}/mint"],
    "POST /library/{licence_id:str}/resale": ["/library/{licence_id}/resale"],
    "GET /chain-purchases/{sale_id:str}": ["/chain-purchases/csl_wall"],
    "POST /chain-purchases/{sale_id:str}/hint": ["/chain-purchases/csl_wall/hint"],
    "POST /checkout/{listing_id:str}/chain": ["/checkout/{draft}/chain"],
    "GET /resales/{ask_id:str}": ["/resales/ask_wall"],
    "POST /resales/{ask_id:str}/withdraw": ["/resales/ask_wall/withdraw"],
    "POST /library/{licence_id:str}/certificate": ["/library/{licence_id}/certificate"],
    "GET /account/sites": ["/account/sites?organisation={organisation_id}"],
    "GET /account/sites/{site_id:str}": ["/account/sites/{site_id}"],
    "POST /account/sites/{site_id:str}": ["/account/sites/{site_id}"],
    "POST /account/sites/{site_id:str}/purge": ["/account/sites/{site_id}/purge"],
    "POST /account/sites/{site_id:str}/remove": ["/account/sites/{site_id}/remove"],
    "POST /admin/cdn/webhooks": ["/admin/cdn/webhooks"],
    "POST /admin/cdn/webhooks/{webhook_id:str}/remove": ["/admin/cdn/webhooks/whk_x/remove"],
    "GET /library/{licence_id:str}": ["/library/{licence_id}"],
    "GET /orders/{order_id:str}": ["/orders/{order_id}"],
    "GET /orders/{order_id:str}/receipt.txt": ["/orders/{order_id}/receipt.txt"],
    "POST /orders/{order_id:str}/refund": ["/orders/{order_id}/refund"],
    "GET /checkout/{listing_id:str}": ["/checkout/{draft}"],
    "POST /checkout/{listing_id:str}": ["/checkout/{draft}"],
    "GET /account/organisations/{organisation_id:str}": [
        "/account/organisations/{organisation_id}",
        "/account/organisations/{personal_organisation}",
    ],
    "POST /account/organisations/{organisation_id:str}/country": [
        "/account/organisations/{organisation_id}/country"
    ],
    "POST /account/organisations/{organisation_id:str}/invitations": [
        "/account/organisations/{organisation_id}/invitations"
    ],
    "POST /account/organisations/{organisation_id:str}/members/{user_id:str}/remove": [
        "/account/organisations/{organisation_id}/members/{user_id}/remove"
    ],
    "POST /account/invitations/{invitation_id:str}/{answer:str}": [
        "/account/invitations/{invitation_id}/accept",
        "/account/invitations/{invitation_id}/decline",
    ],
    "POST /account/devices/{device_id:str}/revoke": ["/account/devices/dev_wall/revoke"],
    "POST /account/keys/{key_id:str}/revoke": ["/account/keys/{key_id}/revoke"],
    "POST /account/wallets/{wallet_id:str}": ["/account/wallets/{wallet_id}"],
    "POST /account/wallets/{wallet_id:str}/unlink": ["/account/wallets/{wallet_id}/unlink"],
    "POST /selling/storefront/credential": [
        "/selling/storefront/credential?organisation={organisation_id}"
    ],
    "POST /account/assets/{asset_id:str}/delete": ["/account/assets/ast_wall/delete"],
    "POST /account/domains/{domain_id:str}/check": ["/account/domains/dom_wall/check"],
    "POST /account/domains/{domain_id:str}/remove": ["/account/domains/dom_wall/remove"],
    "POST /account/domains/{domain_id:str}/certificate": ["/account/domains/dom_wall/certificate"],
    "GET /account/searches/{saved_search_id:str}": ["/account/searches/{saved_search_id}"],
    "POST /account/searches/{saved_search_id:str}": ["/account/searches/{saved_search_id}"],
    "GET /publish/{listing_id:str}/details": ["/publish/{draft}/details"],
    "POST /publish/{listing_id:str}/details": ["/publish/{draft}/details"],
    "GET /publish/{listing_id:str}/files": ["/publish/{draft}/files"],
    "POST /publish/{listing_id:str}/files": ["/publish/{draft}/files"],
    "POST /publish/{listing_id:str}/current": ["/publish/{published}/current"],
    "POST /publish/{listing_id:str}/withdraw": ["/publish/{published}/withdraw"],
    "GET /publish/{listing_id:str}/price": ["/publish/{draft}/price"],
    "POST /publish/{listing_id:str}/protection": ["/publish/{draft}/protection"],
    "POST /publish/{listing_id:str}/price": ["/publish/{draft}/price"],
    "GET /publish/{listing_id:str}/review": ["/publish/{draft}/review"],
    "POST /publish/{listing_id:str}/publish": ["/publish/{draft}/publish"],
    "POST /publish/{listing_id:str}/retire": ["/publish/{published}/retire"],
    "POST /admin/users/{user_id:str}/roles": ["/admin/users/{mallory}/roles"],
    "POST /notices/{notice_id:str}/read": ["/notices/{notice_id}/read"],
    "POST /notices/{notice_id:str}/open": ["/notices/{notice_id}/open"],
    "GET /fragments/listing/{listing_id:str}/numbers": ["/fragments/listing/{draft}/numbers"],
    "GET /admin/organisations": ["/admin/organisations"],
    "GET /admin/schedules": ["/admin/schedules"],
    "GET /admin/cdn": ["/admin/cdn", "/admin/cdn/now"],
    "GET /admin/cdn/report": ["/admin/cdn/report"],
    "POST /admin/cdn/report": ["/admin/cdn/report"],
    "GET /admin/cdn/alerts": ["/admin/cdn/alerts"],
    "POST /admin/cdn/alerts": ["/admin/cdn/alerts"],
    "POST /admin/cdn/alerts/{rule_id:str}/remove": ["/admin/cdn/alerts/alr_x/remove"],
    "GET /admin/cdn/scaling": ["/admin/cdn/scaling"],
    "POST /admin/cdn/scaling": ["/admin/cdn/scaling"],
    "POST /admin/cdn/scaling/order": ["/admin/cdn/scaling/order"],
    "POST /admin/cdn/scaling/{region:str}/remove": ["/admin/cdn/scaling/eu-west/remove"],
    "POST /admin/cdn/{node_id:str}/{wanted:str}": ["/admin/cdn/nod_x/removed"],
    "GET /admin/system": ["/admin/system", "/admin/system/now"],
    "POST /admin/dead-letters/{event_id:str}/{handler:str}/discard": [
        "/admin/dead-letters/evt_x/any/discard"
    ],
    "POST /admin/dead-letters/{event_id:str}/{handler:str}/retry": [
        "/admin/dead-letters/evt_x/any/retry"
    ],
    "GET /{owner:str}/{slug:str}": ["/{owner}/{draft_slug}"],
    "GET /{owner:str}/{slug:str}/docs": ["/{owner}/{draft_plugin_slug}/docs"],
    "GET /workspaces/{workspace_id:str}": ["/workspaces/{workspace_id}"],
    "GET /workspaces/{workspace_id:str}/plan": ["/workspaces/{workspace_id}/plan"],
    "POST /workspaces/{workspace_id:str}/apply": ["/workspaces/{workspace_id}/apply"],
    "POST /workspaces/{workspace_id:str}/rename": ["/workspaces/{workspace_id}/rename"],
    "POST /workspaces/{workspace_id:str}/roll-back": ["/workspaces/{workspace_id}/roll-back"],
    "GET /{owner:str}/{slug:str}/diff": ["/{owner}/{draft_slug}/diff"],
    "POST /publish/{listing_id:str}/verify": ["/publish/{draft}/verify"],
    "GET /publish/{listing_id:str}/gallery": ["/publish/{draft}/gallery"],
    "POST /publish/{listing_id:str}/gallery": ["/publish/{draft}/gallery"],
    "POST /publish/{listing_id:str}/gallery/{image_id:str}": [
        "/publish/{draft}/gallery/{image_id}",
        "/publish/{own_listing}/gallery/{image_id}",
    ],
    "GET /collections/{owner:str}/{slug:str}": ["/collections/{owner}/{collection_slug}"],
    "POST /collections/_manage/{collection_id:str}/edit": [
        "/collections/_manage/{collection_id}/edit"
    ],
    "POST /collections/_manage/{collection_id:str}/items": [
        "/collections/_manage/{collection_id}/items"
    ],
    "POST /collections/_manage/{collection_id:str}/remove": [
        "/collections/_manage/{collection_id}/remove"
    ],
    "POST /collections/_manage/{collection_id:str}/move": [
        "/collections/_manage/{collection_id}/move"
    ],
    "POST /collections/_manage/{collection_id:str}/delete": [
        "/collections/_manage/{collection_id}/delete"
    ],
    "GET /admin/featured": ["/admin/featured"],
    "POST /admin/featured/{listing_id:str}/move": ["/admin/featured/{published}/move"],
    "POST /admin/featured/{listing_id:str}/remove": ["/admin/featured/{published}/remove"],
    "GET /admin": ["/admin"],
    "GET /admin/listings": ["/admin/listings"],
    "GET /admin/quarantine": ["/admin/quarantine"],
    "GET /admin/dead-letters": ["/admin/dead-letters"],
    "GET /{owner:str}/{slug:str}/reviews": ["/{owner}/{draft_slug}/reviews"],
    "POST /{owner:str}/{slug:str}/reviews": ["/{owner}/{draft_slug}/reviews"],
    "GET /reviews/{review_id:str}": ["/reviews/{withdrawn_review}"],
    "POST /reviews/{review_id:str}/edit": ["/reviews/{withdrawn_review}/edit"],
    "POST /reviews/{review_id:str}/delete": [
        "/reviews/{review_id}/delete",
        "/reviews/{withdrawn_review}/delete",
    ],
    "POST /reviews/{review_id:str}/reply": ["/reviews/{withdrawn_review}/reply"],
    "POST /reviews/{review_id:str}/vote": ["/reviews/{withdrawn_review}/vote"],
    "GET /report/{kind:str}/{subject_id:str}": [
        "/report/listing/{draft}",
        "/report/review/{withdrawn_review}",
    ],
    "POST /report/{kind:str}/{subject_id:str}": [
        "/report/listing/{draft}",
        "/report/review/{withdrawn_review}",
    ],
    "GET /moderation/cases/{case_id:str}": ["/moderation/cases/{case_id}"],
    "POST /moderation/cases/{case_id:str}/appeal": ["/moderation/cases/{case_id}/appeal"],
    "GET /admin/moderation": ["/admin/moderation"],
    "GET /admin/moderation/{case_id:str}": ["/admin/moderation/{case_id}"],
    "POST /admin/moderation/{case_id:str}/claim": ["/admin/moderation/{case_id}/claim"],
    "POST /admin/moderation/{case_id:str}/release": ["/admin/moderation/{case_id}/release"],
    "POST /admin/moderation/{case_id:str}/decide": ["/admin/moderation/{case_id}/decide"],
    "POST /admin/quarantine/{sha256:str}/release": ["/admin/quarantine/{sha256}/release"],
    "GET /wallet": ["/wallet?organisation={organisation_id}"],
    "GET /selling": ["/selling?organisation={organisation_id}"],
    "GET /selling/storefront": ["/selling/storefront?organisation={organisation_id}"],
    "POST /selling/storefront": ["/selling/storefront?organisation={organisation_id}"],
    "POST /selling/storefront/website": [
        "/selling/storefront/website?organisation={organisation_id}"
    ],
    "POST /selling/storefront/identity": [
        "/selling/storefront/identity?organisation={organisation_id}"
    ],
    "GET /admin/identity": ["/admin/identity"],
    "POST /admin/identity/{slug:str}": ["/admin/identity/{owner}"],
    "GET /selling/delivery": ["/selling/delivery?organisation={organisation_id}"],
    "POST /selling/delivery": ["/selling/delivery?organisation={organisation_id}"],
    "POST /selling/delivery/{placement_id:str}/remove": ["/selling/delivery/plc_x/remove"],
    "GET /selling/promotions": ["/selling/promotions?organisation={organisation_id}"],
    "POST /selling/promotions": ["/selling/promotions?organisation={organisation_id}"],
    "POST /selling/promotions/{promotion_id:str}/end": ["/selling/promotions/{promotion_id}/end"],
    "GET /selling/numbers.csv": ["/selling/numbers.csv?organisation={organisation_id}"],
    "GET /selling/{listing_id:str}/analytics": ["/selling/{published}/analytics"],
    "GET /selling/{listing_id:str}/numbers.csv": ["/selling/{published}/numbers.csv"],
}
"""A page and the addresses with somebody else's ids, or for an admin alone."""

PUBLIC = {
    "GET /certificates/{code:str}",
    "GET /tiles/{kind:str}/{name:str}",
    "GET /browse/{category:str}",
    "GET /sitemaps/{name:str}",
    "GET /{owner:str}",
    "POST /following/{seller:str}",
}
"""Addresses with a part that names nobody's things, as those of the manual below /docs/ do."""

FORM = {
    "name": "Mine",
    "email": "mallory@guard.example.org",
    "title": "Mine",
    "role": "owner",
    "roles": "admin",
    "reason": "mine",
    "kind": "dataset",
    "licence": "MIT",
    "price": "0",
    "currency": "USD",
    "version": "9.0.0",
}
CALLS = [(page, path) for page, paths in ATTACKS.items() for path in paths]


@pytest.fixture(scope="module")
def world(base_url: str) -> Iterator[World]:
    yield from make_world(base_url)


@pytest.fixture(scope="module")
def before(world: World) -> Any:
    return world.state()


@pytest.fixture(scope="module")
def browser(base_url: str, world: World) -> Iterator[httpx.Client]:
    """A browser in which Mallory is signed in."""
    with httpx.Client(base_url=base_url, timeout=30, headers={"accept": "text/html"}) as client:
        page = client.get("/sign-in")
        found = re.search(r'name="_csrf_token" value="([^"]+)"', page.text)
        assert found is not None
        form = {"email": world.mallory.email, "password": PASSWORD, "_csrf_token": found[1]}
        assert client.post("/sign-in", data=form).status_code == 303
        yield client


def page_addresses() -> set[str]:
    """Every page whose address has a part to fill in."""
    found = set()
    for info in pkgutil.walk_packages(souk.web.pages.__path__, "souk.web.pages."):
        module = importlib.import_module(info.name)
        for handler in getattr(module, "ROUTES", []):
            for path in handler.paths:
                if "{" in path:
                    found |= {f"{method} {path}" for method in map(str, handler.http_methods)}
    return found


def test_every_page_with_somebodys_id_was_thought_about() -> None:
    known = ATTACKS.keys() | PUBLIC
    assert not [page for page in page_addresses() - known if not page.startswith("GET /docs/")]


@pytest.mark.parametrize(("page", "path"), CALLS)
def test_a_stranger_sees_and_changes_nothing(
    world: World, before: Any, browser: httpx.Client, page: str, path: str
) -> None:
    path = world.fill(path)
    if page.startswith("GET"):
        answer = browser.get(path)
    else:
        own = {"_csrf_token": browser.cookies["souk_csrf"], "_idempotency_key": secrets.token_hex()}
        answer = browser.post(path, data={**FORM, **own})
    assert answer.status_code in (403, 404, 409, 422), answer.text
    told = (
        answer.text.replace(world.ids["draft_slug"], "") if "{draft_slug}" in page else answer.text
    )
    assert world.secret not in told
    assert "Ada Lovelace" not in told and world.ada.email not in told


def test_nothing_changed_after_all_that(world: World, before: Any) -> None:
    assert world.state() == before
