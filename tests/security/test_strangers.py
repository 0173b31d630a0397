"""Another organisation's ids in every route of the API: nothing is told, and nothing changes.

Every operation stands either in ATTACKS or in OPEN (`attacks.py`); a new one fails here until
somebody has thought about who may call it.
"""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.security.attacks import ATTACKS, LISTING, OPEN, VERSION
from tests.security.world import API, Person, World, make_world

CALLS = [(operation, *attack) for operation, attacks in ATTACKS.items() for attack in attacks]


@pytest.fixture(scope="module")
def world(base_url: str) -> Iterator[World]:
    yield from make_world(base_url)


@pytest.fixture(scope="module")
def before(world: World) -> Any:
    return world.state()


def call(client: httpx.Client, operation: str, path: str, body: Any) -> httpx.Response:
    method = operation.partition(" ")[0]
    if method == "PUT" and body is None:
        return client.put(f"{API}{path}", content=b"not yours")
    headers = {"idempotency-key": f"k{abs(hash(path))}"} if method == "POST" else {}
    return client.request(method, f"{API}{path}", json=body, headers=headers)


def test_every_operation_of_the_api_was_thought_about(world: World) -> None:
    paths = world.nobody.get("/openapi.json").json()["paths"]
    known = {
        f"{method.upper()} {address.removeprefix(API)}"
        for address, methods in paths.items()
        if address.startswith(API)
        for method in methods
    }
    assert known == ATTACKS.keys() | OPEN.keys()
    assert not ATTACKS.keys() & OPEN.keys()


def test_every_operation_that_names_an_organisation_is_attacked(world: World) -> None:
    description = world.nobody.get("/openapi.json").json()
    schemas = description["components"]["schemas"]
    for address, methods in description["paths"].items():
        for method, operation in methods.items():
            names = {p["name"] for p in operation.get("parameters", [])}
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            for name in re.findall(r"schemas/(\w+)", str(content and content["schema"])):
                names |= schemas[name]["properties"].keys()
            if "organisation_id" in names and not address.endswith("}"):
                operation_name = f"{method.upper()} {address.removeprefix(API)}"
                attacks = ATTACKS.get(operation_name, [])
                assert attacks or "tried below" in OPEN[operation_name], operation_name


@pytest.mark.parametrize(("operation", "path", "body"), CALLS)
def test_a_stranger_gets_and_changes_nothing(
    world: World, before: Any, operation: str, path: str, body: Any
) -> None:
    path, body = world.fill(path), world.fill(body)
    answer = call(world.mallory.http, operation, path, body)
    assert answer.status_code in (403, 404, 409), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert world.secret not in answer.text
    anonymous = call(world.nobody, operation, path, body)
    assert anonymous.status_code in (401, 403, 404), anonymous.text
    assert world.secret not in anonymous.text


def test_nothing_changed_after_all_that(world: World, before: Any) -> None:
    assert world.state() == before


def test_drafts_are_in_no_list_and_no_search(world: World) -> None:
    for person in (world.mallory.http, world.nobody):
        for path in (
            f"/listings?organisation_id={world.ids['personal_organisation']}",
            f"/listings?organisation_id={world.ids['personal_organisation']}&state=draft",
            f"/search?q={world.secret}",
            f"/search?tag={world.secret}",
            f"/search/suggest?q={world.secret[:8]}",
            f"/provenance/log?listing_id={world.ids['draft']}",
            f"/provenance/by-hash/{world.ids['sha256']}",
            f"/lookup/{world.ids['sha256']}",
            f"/organisations/{world.ids['personal_organisation']}",
            "/collections?limit=100",
            f"/collections?organisation_id={world.ids['personal_organisation']}",
        ):
            answer = person.get(f"{API}{path}")
            assert answer.status_code == 200, answer.text
            # A file's hash and a word that was asked for may come back; nothing else of them.
            told = answer.text.replace(world.ids["sha256"], "")
            told = told.replace(f'"text":"{world.secret}"', "")
            assert world.ids["draft_slug"] not in told, path
            assert world.secret not in told, path


def test_an_import_for_somebody_else_takes_nothing_in(world: World) -> None:
    item = {"listing": {**LISTING, "organisation_id": world.ids["organisation_id"]}}
    answer = world.mallory.do("POST", "/listings/import", {"items": [item]})
    assert (answer["imported"], answer["refused"]) == (0, 1)
    assert answer["results"][0]["code"] == "organisation_unknown"


def test_knowing_a_hash_does_not_open_the_file(world: World) -> None:
    content = world.secret.encode() * 3
    upload = world.mallory.announce(content, "mine.txt")
    assert upload["sha256"] == world.ids["sha256"]
    assert upload["state"] == "open", "the bytes must be sent by whoever wants to hold them"
    assert upload["artifact"] is None
    body = world.fill(VERSION)
    answer = world.mallory.ask("POST", f"/listings/{world.ids['own_listing']}/versions", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "file_unknown")


def test_a_refresh_token_ends_only_the_session_it_belongs_to(base_url: str, world: World) -> None:
    victim = Person(base_url, "Vera")
    answer = world.mallory.ask(
        "POST", "/auth/logout", {"refresh_token": f"{victim.refresh_token}x"}
    )
    assert answer.status_code in (204, 401, 404)
    assert victim.do("GET", "/me")["user"]["id"] == victim.user_id
    victim.close()
