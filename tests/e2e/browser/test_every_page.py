"""Every page by day on a desk and by night on a phone: nothing sticks out or lacks a name.

The pages are found by themselves: a new one fails here until somebody visits it.
"""

import importlib
import os
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
import pytest

import souk.web.pages
from souk.web.tray import TRAY_COOKIE
from tests.e2e.browser.conftest import NewVisitor
from tests.e2e.browser.looking import look_all_over, look_at
from tests.security.chain_index import make_token
from tests.security.chain_sales import make_chain_sale
from tests.security.world import PASSWORD, Person, World, make_world

__all__ = ["look_at"]

pytestmark = [pytest.mark.browser, pytest.mark.database, pytest.mark.slow]

CARD: Final = (
    "## How\n\nText with `code`, a [link](https://example.org).\n\n"
    "| | b |\n|---|---|\n| 1 | 2 |\n\n##### Deep\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
)
TASK: Final = "telling benign from malignant tumours by thirty figures"
MEASURED_ON: Final = {
    "dataset": "Handwritten digits of many hands, 360 that were held out",
    "split": "stratified, test",
}
VISITS: Final[dict[str, dict[str, list[str]]]] = {
    "nobody": {
        "/": ["/"],
        "/_design": ["/_design"],
        "/browse": ["/browse"],
        "/browse/{category:str}": ["/browse/health"],
        "/certificates/{code:str}": ["/certificates/{certificate_code}"],
        "/collections": ["/collections"],
        "/compare": ["/compare", "/compare?ids={work},{plugin}"],
        "/docs/{name:str}": ["/docs/errors"],
        "/lookup": ["/lookup", "/lookup?sha256={sha256}"],
        "/resales": ["/resales"],
        "/resales/{ask_id:str}": ["/resales/{ask_id}"],
        "/search": [
            "/search",
            "/search?q=no+such+thing+at+all",
            "/search?kind=dataset&price=1..&view=list&sort=newest",
            "/search?q=kind:toaster",
        ],
        "/sign-in": ["/sign-in"],
        "/sign-up": ["/sign-up"],
        "/{owner:str}": ["/{owner}"],
        "/{owner:str}/{slug:str}": ["/{work}", "/{plugin}"],
        "/{owner:str}/{slug:str}/diff": ["/{work}/diff"],
        "/{owner:str}/{slug:str}/docs": ["/{plugin}/docs"],
        "/{owner:str}/{slug:str}/reviews": ["/{reviewed}/reviews"],
    },
    "buyer": {
        "/account/reports": ["/account/reports"],
        "/chain-purchases/{sale_id:str}": ["/chain-purchases/{chain_sale_id}"],
        "/checkout/{listing_id:str}": ["/checkout/{work_id}"],
        "/favourites": ["/favourites"],
        "/following": ["/following"],
        "/library": ["/library"],
        "/library/{licence_id:str}": ["/library/{licence_id}"],
        "/notices": ["/notices"],
        "/orders/{order_id:str}": ["/orders/{order_id}"],
        "/report/{kind:str}/{subject_id:str}": ["/report/listing/{published}"],
        "/reviews/{review_id:str}": ["/reviews/{review_id}"],
        "/wallet": ["/wallet"],
    },
    "seller": {
        "/account": ["/account"],
        "/account/assets": ["/account/assets"],
        "/account/devices": ["/account/devices"],
        "/account/domains": ["/account/domains"],
        "/account/keys": ["/account/keys"],
        "/account/wallets": ["/account/wallets"],
        "/account/notifications": ["/account/notifications"],
        "/account/organisations": ["/account/organisations"],
        "/account/payout": ["/account/payout"],
        "/account/organisations/{organisation_id:str}": [
            "/account/organisations/{organisation_id}"
        ],
        "/account/searches": ["/account/searches"],
        "/account/sites": ["/account/sites"],
        "/account/sites/{site_id:str}": ["/account/sites/{site_id}?nodes=2&confirmed=1"],
        "/collections/new": ["/collections/new"],
        "/collections/{owner:str}/{slug:str}": ["/collections/{owner}/{collection_slug}"],
        "/favourites": ["/favourites"],
        "/following": ["/following"],
        "/moderation/cases/{case_id:str}": ["/moderation/cases/{case_id}"],
        "/publish": ["/publish"],
        "/publish/{listing_id:str}/details": ["/publish/{draft}/details"],
        "/publish/{listing_id:str}/files": ["/publish/{draft}/files"],
        "/publish/{listing_id:str}/gallery": ["/publish/{draft}/gallery"],
        "/publish/{listing_id:str}/price": ["/publish/{draft}/price"],
        "/publish/{listing_id:str}/review": ["/publish/{draft}/review"],
        "/selling": ["/selling"],
        "/selling/delivery": ["/selling/delivery"],
        "/selling/promotions": ["/selling/promotions"],
        "/selling/storefront": ["/selling/storefront"],
        "/selling/{listing_id:str}/analytics": ["/selling/{published}/analytics"],
        "/wallet": ["/wallet"],
        "/workspaces": ["/workspaces"],
        "/workspaces/{workspace_id:str}": ["/workspaces/{workspace_id}"],
        "/workspaces/{workspace_id:str}/plan": ["/workspaces/{workspace_id}/plan?remove={plugin}"],
    },
    "admin": {
        "/admin": ["/admin"],
        "/admin/cdn": ["/admin/cdn"],
        "/admin/cdn/alerts": ["/admin/cdn/alerts"],
        "/admin/cdn/report": ["/admin/cdn/report"],
        "/admin/cdn/scaling": ["/admin/cdn/scaling"],
        "/admin/dead-letters": ["/admin/dead-letters"],
        "/admin/featured": ["/admin/featured"],
        "/admin/identity": ["/admin/identity"],
        "/admin/listings": ["/admin/listings"],
        "/admin/moderation": ["/admin/moderation", "/admin/moderation?state=decided"],
        "/admin/moderation/{case_id:str}": ["/admin/moderation/{case_id}"],
        "/admin/organisations": ["/admin/organisations"],
        "/admin/quarantine": ["/admin/quarantine"],
        "/admin/schedules": ["/admin/schedules"],
        "/admin/system": ["/admin/system"],
    },
}
"""Who visits which pages, and at which addresses."""

NO_PAGES: Final = {
    "/theme.css",
    "/logo.png",
    "/logo.svg",
    "/share.png",
    "/robots.txt",
    "/sitemap.xml",
    "/sitemaps/{name:str}",
    "/llms.txt",
    "/tiles/hero.svg",
    "/tiles/{kind:str}/{name:str}",
    "/favicon.ico",
    "/favicon.svg",
    "/orders/{order_id:str}/receipt.txt",
    "/selling/numbers.csv",
    "/selling/{listing_id:str}/numbers.csv",
    # parts of pages that the pages ask for
    "/admin/cdn/now",
    "/admin/system/now",
    "/compare/tray",
    "/fragments/listing/{listing_id:str}/numbers",
    "/notices/bell",
    "/search/suggest",
    # they lead to another page
    "/account/searches/{saved_search_id:str}",
    "/docs",
    "/workspaces/plan",
}


@pytest.fixture(scope="module")
def shots() -> Iterator[Path | None]:
    """Where pictures of every page go, when SOUK_SCREENSHOTS names a folder."""
    folder = os.environ.get("SOUK_SCREENSHOTS")
    yield Path(folder) if folder else None


@pytest.fixture(scope="module")
def world(base_url: str, session_owner_dsn: str) -> Iterator[World]:
    """Something on every page: works, a sale, reviews, a decision, and an admin."""
    for world in make_world(base_url):
        ada = world.ada
        work = ada.publish(
            title="A work with a rather long title, to see how it wraps",
            summary="What it does in one sentence that takes more than a line on a phone.",
            card=CARD,
            task=TASK,
            category="health",
            tags=["tabular", "health"],
            metrics=[{"name": "Accuracy", "value": 0.979, **MEASURED_ON}],
        )
        files = [{"path": "README.md", "sha256": ada.upload(b"another text")}]
        version = {"version": "1.1.0", "files": files, "notes": "More of it."}
        ada.do("POST", f"/listings/{work['id']}/versions", version)
        reviewed = ada.do("GET", f"/listings/{world.ids['published']}")
        world.ids.update(work=work["address"], work_id=work["id"], reviewed=reviewed["address"])
        admin = _admin(base_url, session_owner_dsn)
        world.ids.update(admin_email=admin.email, case_id=_decided_case(admin, reviewed["id"]))
        admin.close()
        with psycopg.connect(session_owner_dsn, autocommit=True) as connection:
            world.ids.update(chain_sale_id=make_chain_sale(connection, world))
            world.ids.update(ask_id=make_token(connection, world))
        yield world


def _admin(base_url: str, owner_dsn: str) -> Person:
    admin = Person(base_url, "Ida Rhodes")
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        connection.execute(
            "UPDATE people.users SET roles = roles || ARRAY['admin'] WHERE email = %s",
            [admin.email],
        )
    session = admin.do("POST", "/auth/login", {"email": admin.email, "password": PASSWORD})
    admin.http.headers["authorization"] = f"Bearer {session['access_token']}"
    return admin


def _decided_case(admin: Person, listing_id: str) -> str:
    """The case about this listing, with a word to its seller."""
    cases = admin.do("GET", "/moderation/cases?kind=listing&limit=100")["items"]
    case = next(one for one in cases if one["subject_id"] == listing_id)
    decision = {"action": "warn", "reason": "Say in the summary where the data comes from."}
    admin.do("POST", f"/moderation/cases/{case['id']}/decisions", decision)
    return str(case["id"])


def addresses() -> set[str]:
    """Every address of the pages that can be opened."""
    found = set()
    for info in pkgutil.walk_packages(souk.web.pages.__path__, "souk.web.pages."):
        for handler in getattr(importlib.import_module(info.name), "ROUTES", []):
            if "GET" in map(str, handler.http_methods):
                found |= set(handler.paths)
    return found


def test_somebody_visits_every_page() -> None:
    visited = {path for visits in VISITS.values() for path in visits}
    assert addresses() == visited | NO_PAGES
    assert not visited & NO_PAGES


@pytest.fixture(scope="module")
def cookies(base_url: str, world: World) -> dict[str, list[Any]]:
    """Who is signed in by which cookies."""
    emails = {
        "buyer": world.grace.email,
        "seller": world.ada.email,
        "admin": world.ids["admin_email"],
    }
    found: dict[str, list[Any]] = {"nobody": []}
    for who, email in emails.items():
        with httpx.Client(base_url=base_url, timeout=30) as client:
            token = re.search(r'name="_csrf_token" value="([^"]+)"', client.get("/sign-in").text)
            assert token is not None
            form = {"email": email, "password": PASSWORD, "_csrf_token": token[1]}
            assert client.post("/sign-in", data=form).status_code == 303
            found[who] = [
                {"name": name, "value": value, "url": base_url}
                for name, value in client.cookies.items()
            ]
    return found


@pytest.mark.parametrize(
    ("who", "path"),
    [(who, path) for who, pages in VISITS.items() for paths in pages.values() for path in paths],
)
async def test_every_page_fits_and_can_be_read_by_everyone(
    new_visitor: NewVisitor,
    world: World,
    cookies: dict[str, list[Any]],
    shots: Path | None,
    who: str,
    path: str,
) -> None:
    visitor = await new_visitor()
    await visitor.context.add_cookies(cookies[who])
    if who == "nobody" and path != "/compare":  # with a work in the tray; the others without
        work = world.ids["work"]
        await visitor.context.add_cookies(
            [{"name": TRAY_COOKIE, "value": work, "url": visitor.base_url}]
        )
    status = 422 if "toaster" in path else 200
    visitor.expected_statuses = {status}
    name = f"{who}-{re.sub(r'[^a-z]+', '-', path).strip('-') or 'home'}"
    await look_all_over(visitor, world.fill(path), shots=shots, name=name, status=status)


async def test_an_error_can_be_read_by_everyone(
    new_visitor: NewVisitor, shots: Path | None
) -> None:
    visitor = await new_visitor()
    visitor.expected_statuses = {404}
    await look_all_over(visitor, "/there/is-nothing", shots=shots, name="error", status=404)
