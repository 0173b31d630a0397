"""Hostile values in every field and every query of every page: never an error of the server's."""

import importlib
import pkgutil
import re
import secrets
from collections.abc import Iterator

import httpx
import pytest

import souk.web.pages
from tests.security.world import PASSWORD, Person

VALUES = [
    "\0",
    "9" * 40,
    "-1",
    "1e309",
    "\u202e\ud83d".encode("utf-16", "replace").decode("utf-16"),
]
VALUES += ["' OR 1=1 --", "{{7*7}}", "a" * 30_000, "NaN", "0.001", "\r\nset-cookie: a=b", ""]
FIELDS = """
    email password current_password new_password name bio handle next slug title summary card
    licence category task tags tag kind theme amount currency price price_minor split stock
    edition terms seats uses duration_days reason role roles version notes sha256 path paths
    files file organisation organisation_id listing_id offer offer_id edition affiliate q sort
    view cursor owner price_min price_max page days state answer expires_in_days
    expected_price_minor provider metrics text description visibility note address back add
    remove follow way starts_at ends_at ids only clear act rating latency size memory region
    code value minimum max_uses max_uses_per_buyer via
    install range channel upgrade upgrade_all remove accept lock to plugin workspace
    stars helpful remove action back
    alt picture do dataset target data_file model_file rows_file
""".split()
IDS = re.compile(r"\{(\w+):str\}")


def addresses(method: str, ids: dict[str, str]) -> list[str]:
    """Every page of this method, its parts filled with what belongs to Ada, or to nobody."""
    found = set()
    for info in pkgutil.walk_packages(souk.web.pages.__path__, "souk.web.pages."):
        for handler in getattr(importlib.import_module(info.name), "ROUTES", []):
            if method in map(str, handler.http_methods):
                found |= {
                    IDS.sub(lambda part: ids.get(part[1], "x"), path) for path in handler.paths
                }
    return sorted(found - {"/sign-out", "/account/password"})


@pytest.fixture(scope="module")
def ada(base_url: str) -> Iterator[Person]:
    person = Person(base_url, "Ada Lovelace")
    yield person
    person.close()


@pytest.fixture(scope="module")
def ids(ada: Person) -> dict[str, str]:
    listing = ada.draft()
    workspace = ada.do("POST", "/workspaces", {"name": secrets.token_hex(5)})
    shared = ada.do("POST", "/organisations", {"slug": f"org-{secrets.token_hex(5)}", "name": "x"})
    return {
        "listing_id": listing["id"],
        "owner": ada.slug,
        "slug": listing["slug"],
        "organisation_id": shared["id"],
        "user_id": ada.user_id,
        "workspace_id": workspace["id"],
    }


@pytest.fixture(scope="module")
def browser(base_url: str, ada: Person) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=base_url, timeout=30, headers={"accept": "text/html"}) as client:
        page = client.get("/sign-in")
        found = re.search(r'name="_csrf_token" value="([^"]+)"', page.text)
        assert found is not None
        form = {"email": ada.email, "password": PASSWORD, "_csrf_token": found[1]}
        assert client.post("/sign-in", data=form).status_code == 303
        yield client


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value[:12]))
def test_no_form_breaks_a_page(browser: httpx.Client, ids: dict[str, str], value: str) -> None:
    for path in addresses("POST", ids):
        own = {"_csrf_token": browser.cookies["souk_csrf"], "_idempotency_key": secrets.token_hex()}
        answer = browser.post(path, data={**dict.fromkeys(FIELDS, value), **own})
        assert answer.status_code < 500, (path, answer.text[:300])
        assert not [c for c in answer.headers.get_list("set-cookie") if c.startswith("a=")]


@pytest.mark.parametrize("value", VALUES[:7], ids=lambda value: repr(value[:12]))
def test_no_query_breaks_a_page(browser: httpx.Client, ids: dict[str, str], value: str) -> None:
    for path in addresses("GET", ids):
        answer = browser.get(path, params=dict.fromkeys(FIELDS, value[:300]))
        assert answer.status_code < 500, (path, answer.text[:300])
        assert "49" not in re.findall(r"value=\"(\d+)\"", answer.text), "a template in a value ran"
