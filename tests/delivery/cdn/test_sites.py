"""Owners' origins behind the CDN: registered at home, served and purged at a node."""

import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.delivery.cdn.nodes import Node, until
from tests.edge.http_cache.origin import Origin
from tests.edge.http_cache.serving import Now
from tests.security.world import Person


@pytest.fixture(scope="module")
def owner(base_url: str) -> Iterator[Person]:
    person = Person(base_url, "Ada")
    yield person
    person.close()


@pytest.fixture(scope="module")
def origin() -> Iterator[Origin]:
    made = Origin(Now())
    yield made
    made.close()


@pytest.fixture(scope="module")
def node(base_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    node = Node(
        base_url,
        tmp_path_factory.mktemp("sites"),
        "eu-west",
        SOUK_EDGE_PRIVATE_UPSTREAMS="true",
    )
    try:
        yield node.start()
    finally:
        node.stop()


def make(owner: Person, **fields: Any) -> Any:
    wanted = {"name": "My site", "upstream": "https://origin.example.org", **fields}
    return owner.do("POST", "/cdn/sites", wanted)


def test_a_site_is_made_read_changed_and_removed(owner: Person, base_url: str) -> None:
    made = make(owner, hosts=["WWW.Example.org"], rules={"default_ttl_s": 60})
    assert made["organisation_id"] == owner.organisation_id
    assert made["hosts"] == [{"host": "www.example.org", "proven": False}]
    assert (made["path"], made["kind"]) == (f"/s/{made['id']}/", "origin")
    assert owner.do("GET", f"/cdn/sites/{made['id']}") == made
    assert owner.do("GET", "/cdn/sites")["items"][0] == made
    changed = owner.do("PATCH", f"/cdn/sites/{made['id']}", {"name": "Other", "hosts": []})
    assert (changed["name"], changed["hosts"]) == ("Other", [])
    assert changed["rules"]["default_ttl_s"] == 60
    other = Person(base_url, "Mallory")
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        answer = other.ask(method, f"/cdn/sites/{made['id']}", body)
        assert (answer.status_code, answer.json()["code"]) == (404, "site_unknown")
    other.close()
    owner.do("DELETE", f"/cdn/sites/{made['id']}")
    assert owner.ask("GET", f"/cdn/sites/{made['id']}").status_code == 404
    assert owner.do("GET", "/cdn/sites")["items"] == []


@pytest.mark.parametrize(
    "fields",
    [
        {"upstream": "http://user:x@example.org"},
        {"upstream": "http://example.org/?q"},
        {"upstream": "gopher://example.org"},
        {"rules": {"query": "odd"}},
        {"rules": {"default_ttl_s": -1}},
        {"rules": {"methods": []}},
        {"rules": {"unknown": 1}},
        {"hosts": ["no dots"]},
        {"hosts": ["127.0.0.1"]},
        {"name": ""},
    ],
)
def test_sites_that_are_refused(owner: Person, fields: dict[str, Any]) -> None:
    wanted = {"name": "x", "upstream": "https://example.org", **fields}
    answer = owner.ask("POST", "/cdn/sites", wanted)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_node_serves_caches_and_forgets_a_site(
    owner: Person, node: Node, origin: Origin, base_url: str
) -> None:
    fields = ["Cache-Control: max-age=600000000", "Surrogate-Key: red"]
    origin.on("/a", origin.ok(b"one", *fields))
    host = f"{secrets.token_hex(4)}.localhost"
    site = make(owner, upstream=origin.url, hosts=[host])
    assert site["hosts"] == [{"host": host, "proven": True}]
    below = f"{node.url}/s/{site['id']}"
    until(lambda: httpx.get(f"{below}/a").status_code == 200, what="the site at the node")
    by_host = httpx.get(f"{node.url}/a", headers={"host": host})
    assert (by_host.content, "hit" in by_host.headers["cache-status"]) == (b"one", True)
    asked = len(origin.asked("/a"))
    for kind, value in (
        ("url", f"http://{host}/a"),
        ("url", f"{below}/a"),
        ("tag", f"site:{site['id']}"),
        ("tag", f"tag:{site['id']}:red"),
        ("prefix", f"/s/{site['id']}/a"),
    ):
        done = owner.do("POST", "/cdn/purges", {"kind": kind, "value": value})
        ours = [one for one in done["nodes"] if one["confirmed"]]
        assert ours, done
        httpx.get(f"{below}/a")
        asked += 1
        assert len(origin.asked("/a")) == asked, (kind, value)
    other = Person(base_url, "Mallory")
    for kind, value in (
        ("url", f"http://{host}/a"),
        ("tag", f"site:{site['id']}"),
        ("tag", f"tag:{site['id']}:red"),
        ("prefix", f"/s/{site['id']}/"),
        ("tag", "site:sit_x"),
    ):
        refused = other.ask("POST", "/cdn/purges", {"kind": kind, "value": value})
        assert refused.status_code in {403, 422}, (kind, value)
    other.close()
    owner.do("PATCH", f"/cdn/sites/{site['id']}", {"upstream": f"{origin.url}/base"})
    origin.on("/base/a", origin.ok(b"two", *fields))
    until(lambda: httpx.get(f"{below}/a").content == b"two", what="the other origin")
    rule = {"organisation_id": owner.organisation_id, "regions": ["sa-east"]}
    owner.do("PUT", "/cdn/residency", rule)
    until(lambda: httpx.get(f"{below}/a").status_code == 403, what="residency")
    owner.do("PUT", "/cdn/residency", {**rule, "regions": []})
    until(lambda: httpx.get(f"{below}/a").status_code == 200, what="residency lifted")
    owner.do("DELETE", f"/cdn/sites/{site['id']}")
    until(lambda: httpx.get(f"{below}/a").status_code == 404, what="the end of the site")


def test_another_cannot_take_a_proven_name(owner: Person, base_url: str) -> None:
    host = f"{secrets.token_hex(4)}.localhost"
    make(owner, hosts=[host])
    other = Person(base_url, "Mallory")
    wanted = {"name": "x", "upstream": "https://example.org", "hosts": [host]}
    answer = other.ask("POST", "/cdn/sites", wanted)
    assert (answer.status_code, answer.json()["code"]) == (409, "host_taken")
    assert other.do("GET", "/cdn/sites")["items"] == []
    other.close()


def test_traffic_of_a_site_is_its_owners(owner: Person, node: Node, origin: Origin) -> None:
    origin.on("/b", origin.ok(b"x" * 1000, "Cache-Control: max-age=600000000"))
    site = make(owner, upstream=origin.url)
    below = f"{node.url}/s/{site['id']}/b"
    until(lambda: httpx.get(below).status_code == 200, what="the site")

    def counted() -> bool:
        path = f"/cdn/traffic?organisation_id={owner.organisation_id}"
        return bool(owner.do("GET", path)["bytes_sent"] >= 1000)

    until(counted, what="the figures")
