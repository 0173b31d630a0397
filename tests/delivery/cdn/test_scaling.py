"""Scaling for real: processes are started, taken up after a crash, drained and ended."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from souk_client.sdk import Souk
from tests.admins import admin_client
from tests.delivery.cdn.buying import MIB, Bought, fresh, key_of
from tests.delivery.cdn.nodes import until
from tests.market import organisation_of, sign_up
from tests.serving import Marketplace

REGION = "sa-east"
POLICY = f"/api/v1/cdn/scaling/{REGION}"


@pytest.fixture(scope="module")
def admin(base_url: str, session_owner_dsn: str) -> Iterator[httpx.Client]:
    with admin_client(base_url, session_owner_dsn) as http:
        yield http
        http.delete(POLICY)
        for instance in instances(http):
            http.delete(f"/api/v1/cdn/instances/{instance['id']}")
        until(lambda: not instances(http), what="the end of every instance")


def instances(admin: httpx.Client) -> list[dict[str, Any]]:
    return admin.get("/api/v1/cdn/instances").raise_for_status().json()["items"]


def processes() -> dict[str, int]:
    """Every instance's process on this machine, by its id."""
    found = {}
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            lines = (folder / "environ").read_bytes().split(b"\0")
            ids = [line.split(b"=")[1] for line in lines if line.startswith(b"SOUK_EDGE_INSTANCE=")]
            found |= {one.decode(): int(folder.name) for one in ids}
    return found


def nodes(admin: httpx.Client) -> list[dict[str, Any]]:
    (region,) = admin.get(f"/api/v1/cdn/regions?region={REGION}").json()["items"]
    return region["nodes"]


def running(admin: httpx.Client) -> list[str]:
    """Ids of instances whose node serves."""
    ready = {node["url"] for node in nodes(admin) if node["state"] == "ready"}
    return [one["id"] for one in instances(admin) if one["url"] in ready]


@pytest.fixture(scope="module")
def first(admin: httpx.Client) -> str:
    """The id of the first instance that a policy has started."""
    policy = {"minimum": 1, "maximum": 2, "target_load": 0.5, "cool_down_s": 0, "drain_s": 600}
    made = admin.put(POLICY, json=policy).raise_for_status().json()
    assert made["region"] == REGION and made["needed"] == 1
    until(lambda: len(running(admin)) == 1, what="the first node")
    (found,) = running(admin)
    return found


@pytest.fixture(scope="module")
def bought(base_url: str) -> Bought:
    seller = sign_up(base_url)
    _stay(base_url, seller)
    return Bought(base_url, seller, fresh(16 * MIB))


def test_what_dies_is_replaced_also_by_a_worker_that_did_not_start_it(
    admin: httpx.Client, marketplace: Marketplace, first: str
) -> None:
    pid = processes()[first]
    marketplace.kill("worker")
    marketplace.start("worker")
    os.kill(pid, 9)
    until(lambda: running(admin) not in ([], [first]), what="a node in its place")
    decided = admin.get(f"/api/v1/cdn/scaling-decisions?region={REGION}").json()["items"]
    assert [one["action"] for one in decided] == ["out", "replace", "out"]
    assert first in decided[1]["reason"]


def test_a_node_that_is_let_go_ends_its_downloads_first(
    admin: httpx.Client, bought: Bought, first: str
) -> None:
    assert first
    until(lambda: len(running(admin)) == 1)
    (last,) = running(admin)
    pid = processes()[last]
    (url,) = [one["url"] for one in instances(admin) if one["id"] == last]
    with httpx.stream("GET", bought.url(), timeout=60) as answer:
        chunks = answer.iter_raw(MIB)
        got = next(chunks)
        admin.delete(POLICY).raise_for_status()
        assert [one["state"] for one in instances(admin)] == ["draining"]
        until(lambda: _state(admin, last) == "draining", what="draining")
        assert processes()[last] == pid
        got += b"".join(chunks)
    assert got == bought.content
    until(lambda: last not in processes() and not instances(admin), what="the end")
    assert url not in {node["url"] for node in nodes(admin)}


def _stay(base_url: str, seller: Souk) -> None:
    rule = {"organisation_id": organisation_of(seller), "regions": [REGION]}
    headers = {"authorization": f"Bearer {key_of(seller)}"}
    httpx.put(f"{base_url}/api/v1/cdn/residency", json=rule, headers=headers).raise_for_status()


def _state(admin: httpx.Client, instance_id: str) -> str:
    urls = [one["url"] for one in instances(admin) if one["id"] == instance_id]
    return next((node["state"] for node in nodes(admin) if node["url"] in urls), "gone")


def test_an_operator_orders_nodes(admin: httpx.Client) -> None:
    asked = {"region": REGION}
    by_token = admin.post("/api/v1/cdn/nodes", json=asked).raise_for_status().json()
    assert by_token["join"]["token"] in by_token["join"]["command"]
    assert by_token["instance"] is None
    made = admin.post("/api/v1/cdn/nodes", json={**asked, "provider": "local"})
    instance = made.raise_for_status().json()["instance"]
    until(lambda: instance["id"] in processes(), what="the process")
    gone = admin.delete(f"/api/v1/cdn/instances/{instance['id']}").raise_for_status().json()
    assert gone["state"] == "draining"
    until(lambda: instance["id"] not in processes(), what="its end")


def test_a_policy_that_makes_no_sense_is_refused(admin: httpx.Client) -> None:
    cases = [
        ("eu-west", {"minimum": 3, "maximum": 1}, "scaling_policy_invalid"),
        ("eu-west", {"provider": "elsewhere"}, "provider_unknown"),
        ("zz-none", {}, "region_unknown"),
    ]
    for region, body, code in cases:
        answer = admin.put(f"/api/v1/cdn/scaling/{region}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert admin.put(POLICY, json={"target_load": 0}).status_code == 422
    none = "/api/v1/cdn/scaling/ap-south"
    assert admin.get(none).json()["code"] == "scaling_policy_unknown"
    assert admin.delete(none).status_code == 404
    assert admin.delete("/api/v1/cdn/instances/ins_x").json()["code"] == "instance_unknown"
    elsewhere = {"region": "eu-west", "provider": "elsewhere"}
    refused = admin.post("/api/v1/cdn/nodes", json=elsewhere)
    assert refused.json()["code"] == "provider_unknown"
