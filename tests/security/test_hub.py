"""Somebody else's repository in every operation of the hub: nothing is told, nothing changes.

As of the API, every operation stands either in ATTACKS or in OPEN; a new one fails here first.
"""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.security.world import World, make_world

DRAFT = "/api/datasets/{owner}/{draft_slug}"
LFS = {"operation": "upload", "transfers": [], "objects": [{"oid": "0" * 64, "size": 3}]}
COMMIT = '{"key":"header","value":{"summary":"x"}}\n{"key":"file","value":{"path":"a"}}\n'
OWN_DRAFT = {"name": "{draft_slug}", "organization": "{owner}", "type": "dataset"}

Attack = tuple[str, Any]
"""An address with names of ids in braces, and a body (a text is sent as it is)."""

REPOSITORY = "/api/{kind}/{owner}/{name}"
ATTACKS: dict[str, list[Attack]] = {
    "POST /api/repos/create": [
        ("/api/repos/create", {"name": "stolen", "organization": "{owner}"}),
        ("/api/repos/create", {"name": "{draft_slug}", "organization": "{owner}"}),
    ],
    "DELETE /api/repos/delete": [("/api/repos/delete", OWN_DRAFT)],
    f"PUT {REPOSITORY}/settings": [(f"{DRAFT}/settings", {"visibility": "public"})],
    f"GET {REPOSITORY}": [(DRAFT, None), ("/api/models/{owner}/{draft_slug}", None)],
    f"GET {REPOSITORY}/revision/{{revision}}": [(f"{DRAFT}/revision/main", None)],
    f"GET {REPOSITORY}/auth-check": [(f"{DRAFT}/auth-check", None)],
    f"GET {REPOSITORY}/auth-check/write": [(f"{DRAFT}/auth-check/write", None)],
    f"GET {REPOSITORY}/tree/{{revision}}": [(f"{DRAFT}/tree/main", None)],
    f"GET {REPOSITORY}/tree/{{revision}}/{{folder}}": [(f"{DRAFT}/tree/main/a", None)],
    f"POST {REPOSITORY}/paths-info/{{revision}}": [
        (f"{DRAFT}/paths-info/main", {"paths": ["data.txt"]})
    ],
    f"GET {REPOSITORY}/refs": [(f"{DRAFT}/refs", None)],
    f"GET {REPOSITORY}/commits/{{revision}}": [(f"{DRAFT}/commits/main", None)],
    f"GET {REPOSITORY}/safetensors-metadata/{{file}}": [
        (f"{DRAFT}/safetensors-metadata/a.json", None)
    ],
    f"POST {REPOSITORY}/preupload/{{revision}}": [
        (f"{DRAFT}/preupload/main", {"files": [{"path": "data.txt", "size": 1}]})
    ],
    f"POST {REPOSITORY}/commit/{{revision}}": [(f"{DRAFT}/commit/main", COMMIT)],
    f"POST {REPOSITORY}/tag/{{revision}}": [(f"{DRAFT}/tag/main", {"tag": "9.9.9"})],
    f"DELETE {REPOSITORY}/tag/{{tag}}": [(f"{DRAFT}/tag/1.0.0", None)],
    f"POST {REPOSITORY}/branch/{{branch}}": [(f"{DRAFT}/branch/mine", {})],
    f"DELETE {REPOSITORY}/branch/{{branch}}": [(f"{DRAFT}/branch/main", None)],
    f"GET {REPOSITORY}/xet-read-token/{{revision}}": [(f"{DRAFT}/xet-read-token/main", None)],
    f"GET {REPOSITORY}/xet-write-token/{{revision}}": [(f"{DRAFT}/xet-write-token/main", None)],
    "PUT /api/hub/uploads/{ticket}": [("/api/hub/uploads/e30.e30", "bytes")],
    "POST /api/hub/uploads/{ticket}": [("/api/hub/uploads/e30.e30", None)],
}
"""By operation."""

OPEN = {
    "GET /api/whoami-v2": "the caller's own account",
    "POST /api/validate-yaml": "looks at what was sent, and at nothing else",
    "POST /api/repos/move": "refused to everybody",
    "GET /api/{kind}": "what is for sale; tried below",
}

UNLISTED: list[tuple[str, str, Any]] = [
    ("GET", "/datasets/{owner}/{draft_slug}/resolve/main/data.txt", None),
    ("HEAD", "/datasets/{owner}/{draft_slug}/resolve/main/data.txt", None),
    ("GET", "/{owner}/{draft_slug}/resolve/main/data.txt", None),
    ("POST", "/datasets/{owner}/{draft_slug}.git/info/lfs/objects/batch", LFS),
    ("POST", "/{owner}/{draft_slug}.git/info/lfs/objects/batch", LFS),
]
"""Operations at the root, which the description leaves out."""

CALLS = [
    *(
        (name.partition(" ")[0], path, body)
        for name, all_ in ATTACKS.items()
        for path, body in all_
    ),
    *UNLISTED,
]


@pytest.fixture(scope="module")
def world(base_url: str) -> Iterator[World]:
    yield from make_world(base_url)


@pytest.fixture(scope="module")
def before(world: World) -> Any:
    return (world.state(), refs(world))


def refs(world: World) -> Any:
    """Every name in Ada's draft, as she sees it."""
    return world.ada.http.get(world.fill(f"{DRAFT}/refs")).json()


def call(client: httpx.Client, method: str, path: str, body: Any) -> httpx.Response:
    content = body if isinstance(body, str) or body is None else json.dumps(body)
    return client.request(method, path, content=content)


def test_every_operation_of_the_hub_was_thought_about(world: World) -> None:
    paths = world.nobody.get("/openapi.json").json()["paths"]
    known = {
        f"{method.upper()} {address}"
        for address, methods in paths.items()
        if address.startswith("/api/") and not address.startswith("/api/v1/")
        for method, operation in methods.items()
        if "hub" in operation["tags"]
    }
    assert known == ATTACKS.keys() | OPEN.keys()


def test_ada_herself_may(world: World) -> None:
    assert world.ada.http.get(world.fill(f"{DRAFT}/auth-check/write")).status_code == 200
    where = world.fill("/datasets/{owner}/{draft_slug}/resolve/main/")
    assert world.secret in world.ada.http.get(f"{where}{world.secret}.txt").text


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_a_stranger_gets_and_changes_nothing(
    world: World, before: Any, method: str, path: str, body: Any
) -> None:
    path, body = world.fill(path), body if isinstance(body, str) else world.fill(body)
    for client, statuses in ((world.mallory.http, (403, 404)), (world.nobody, (401, 403, 404))):
        answer = call(client, method, path, body)
        assert answer.status_code in statuses, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert world.secret not in answer.text


def test_nothing_changed_after_all_that(world: World, before: Any) -> None:
    assert (world.state(), refs(world)) == before


def test_drafts_are_in_no_list_and_no_search(world: World) -> None:
    for person in (world.mallory.http, world.nobody):
        for kind in ("models", "datasets"):
            for asked in ({"author": world.ids["owner"]}, {"search": world.secret}):
                answer = person.get(f"/api/{kind}", params=asked)
                assert answer.status_code == 200, answer.text
                assert world.ids["draft_slug"] not in answer.text
                assert world.secret not in answer.text


def test_a_cookie_of_a_page_changes_nothing(world: World) -> None:
    address = world.fill("/datasets/{owner}/{draft_slug}.git/info/lfs/objects/batch")
    with httpx.Client(base_url=world.nobody.base_url) as browser:
        browser.cookies.set("souk_session", "anything")
        answer = browser.post(address, content=json.dumps(LFS))
    assert answer.status_code in (401, 403)


def test_a_stranger_who_knows_a_hash_cannot_commit_it(world: World) -> None:
    name = f"mine-{world.secret[-6:]}"
    made = world.mallory.http.post("/api/repos/create", json={"name": name})
    address = made.json()["name"]
    lines = json.dumps({"key": "lfsFile", "value": {"path": "x", "oid": world.ids["sha256"]}})
    answer = world.mallory.http.post(f"/api/models/{address}/commit/main", content=lines)
    assert (answer.status_code, answer.json()["code"]) == (422, "files_unsent")
