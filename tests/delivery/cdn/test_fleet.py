"""Who may be a node, and what a node's secret opens: by itself, nothing."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest

from souk_client.sdk import Souk
from tests.admins import admin_client
from tests.delivery.cdn.buying import Bought, fresh, key_of
from tests.delivery.cdn.nodes import LOCAL_TOKEN, until
from tests.market import organisation_of, sign_up

JOIN = "/_edge/join"
BEAT: dict[str, Any] = {
    "state": "ready",
    "load": 0.1,
    "downloads": 1,
    "used_bytes": 5,
    "cache_bytes": 50,
    "damaged": 0,
    "not_stored": 0,
    "applied": 0,
}
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def admin(base_url: str, session_owner_dsn: str) -> Iterator[httpx.Client]:
    with admin_client(base_url, session_owner_dsn) as http:
        yield http
        for region in http.get("/api/v1/cdn/regions").json()["items"]:
            for node in region["nodes"]:
                http.patch(f"/api/v1/cdn/nodes/{node['id']}", json={"state": "removed"})


def join(base_url: str, **fields: str) -> httpx.Response:
    body = {"token": LOCAL_TOKEN, "region": "na-west", "url": NOWHERE, **fields}
    return httpx.post(f"{base_url}{JOIN}", json=body)


def beat(base_url: str, credential: str, **fields: object) -> httpx.Response:
    headers = {"souk-node": credential}
    return httpx.post(f"{base_url}/_edge/heartbeat", json={**BEAT, **fields}, headers=headers)


def joined(base_url: str, **fields: str) -> str:
    answer = join(base_url, **fields).raise_for_status().json()
    return f"{answer['node_id']}.{answer['secret']}"


def test_a_join_token_lets_one_node_in_once_into_its_region(
    base_url: str, admin: httpx.Client
) -> None:
    made = admin.post("/api/v1/cdn/join-tokens", json={"region": "ap-south"})
    token = made.raise_for_status().json()["token"]
    assert token in made.json()["command"]
    refused = join(base_url, token=token, region="eu-west")
    assert (refused.status_code, refused.json()["code"]) == (403, "join_token_refused")
    assert join(base_url, token=token, region="ap-south").status_code == 200
    assert join(base_url, token=token, region="ap-south").status_code == 403
    assert join(base_url, token="t" * 40).status_code == 403
    assert join(base_url, region="zz-none").json()["code"] == "region_unknown"
    assert join(base_url, url="http://a/b").status_code == 422
    missing = admin.post("/api/v1/cdn/join-tokens", json={"region": "zz-none"})
    assert missing.json()["code"] == "region_unknown"


def test_a_heartbeat_needs_the_nodes_secret(base_url: str) -> None:
    credential = joined(base_url)
    answer = beat(base_url, credential).raise_for_status().json()
    assert answer["state"] == "ready" and answer["keys"]
    assert all(set(key) & {"d", "private"} == set() for key in answer["keys"])
    node_id, _, secret = credential.partition(".")
    for wrong in ("", node_id, f"{node_id}.", f"{node_id}.x", f"nod_x.{secret}", f"{secret}.x"):
        refused = beat(base_url, wrong)
        assert (refused.status_code, refused.json()["code"]) == (401, "node_refused"), wrong
    assert beat(base_url, credential, load=7).status_code == 422


def test_a_node_that_joins_again_keeps_its_id_and_its_old_secret_ends(base_url: str) -> None:
    before = joined(base_url)
    after = joined(base_url, url="http://127.0.0.1:10", before=before)
    assert after.partition(".")[0] == before.partition(".")[0]
    assert beat(base_url, before).status_code == 401
    assert beat(base_url, after).status_code == 200
    other = joined(base_url, before=f"{after.partition('.')[0]}.wrong")
    assert other.partition(".")[0] != after.partition(".")[0]


def test_an_old_secret_is_replaced_once_the_new_one_is_used(
    base_url: str, session_owner_dsn: str
) -> None:
    old = joined(base_url)
    node_id = old.partition(".")[0]
    with psycopg.connect(session_owner_dsn, autocommit=True) as connection:
        connection.execute(
            "UPDATE cdn.nodes SET secret_since = now() - %s WHERE id = %s",
            [timedelta(hours=25), node_id],
        )
    offered = beat(base_url, old).json()["secret"]
    assert offered is not None
    again = beat(base_url, old).json()["secret"]
    assert again not in {None, offered}, "until it is used, the node may ask again"
    assert beat(base_url, f"{node_id}.{offered}").status_code == 401
    assert beat(base_url, f"{node_id}.{again}").json()["secret"] is None
    assert beat(base_url, old).status_code == 401


def test_a_removed_node_is_one_no_more(base_url: str, admin: httpx.Client) -> None:
    credential = joined(base_url)
    node_id = credential.partition(".")[0]
    change = f"/api/v1/cdn/nodes/{node_id}"

    def state() -> str:
        """As after a heartbeat just now."""
        beat(base_url, credential)
        return admin.get(change).json()["state"]

    until(lambda: state() == "ready")
    admin.patch(change, json={"state": "draining"}).raise_for_status()
    assert beat(base_url, credential).json()["state"] == "draining"
    until(lambda: state() == "draining")
    admin.patch(change, json={"state": "removed"}).raise_for_status()
    assert beat(base_url, credential).status_code == 401
    assert admin.get(change).json()["code"] == "node_unknown"


def test_a_stolen_secret_opens_no_file(base_url: str) -> None:
    """Without a caller's ticket a node gets nothing, with one only what it names."""
    bought = Bought(base_url, sign_up(base_url), fresh(5000))
    sha256 = bought.buyer.licences.files(bought.licence_id).items[0].sha256
    home_ticket = bought.home_url().partition("/d/")[2].partition("/")[0]
    credential = joined(base_url)
    for path in (f"/_edge/artifacts/{sha256}", f"/_edge/slices/{sha256}"):
        for ticket in ("", "x.y", home_ticket):
            headers = {"souk-node": credential, "souk-ticket": ticket}
            answer = httpx.get(f"{base_url}{path}", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "address_invalid")
        assert httpx.get(f"{base_url}{path}").json()["code"] == "node_refused"


def test_figures_are_written_down_once(base_url: str, session_owner_dsn: str) -> None:
    credential = joined(base_url)
    seller = sign_up(base_url)
    line = {
        "minute": 1_900_000_000,
        "organisation_id": organisation_of(seller),
        "requests": 2,
        "errors": 1,
        "bytes_sent": 100,
        "hit_bytes": 40,
        "latency": [1] + [0] * 9 + [1],
    }
    for number in (5, 5, 4, 6):
        answer = beat(base_url, credential, usage={"number": number, "lines": [line]}).json()
        assert answer["usage_number"] == max(5, number)
    with psycopg.connect(session_owner_dsn) as connection:
        found = connection.execute(
            "SELECT requests, errors, bytes_sent, hit_bytes, latency[1], latency[11] "
            "FROM cdn.usage WHERE organisation_id = %s",
            [line["organisation_id"]],
        ).fetchall()
    assert found == [(4, 2, 200, 80, 2, 2)]


def test_a_node_that_was_away_too_long_forgets_everything(
    base_url: str, session_owner_dsn: str
) -> None:
    credential = joined(base_url)
    with psycopg.connect(session_owner_dsn, autocommit=True) as connection:
        connection.execute("UPDATE cdn.log SET newest = newest + 2, forgotten = newest + 1")
    answer = beat(base_url, credential, applied=0).json()
    assert answer["flush"] and answer["commands"] == []
    assert not beat(base_url, credential, applied=answer["newest"]).json()["flush"]
    # A node ahead of home: home was restored from a backup, and counts anew.
    ahead = beat(base_url, credential, applied=answer["newest"] + 5).json()
    assert ahead["flush"] and ahead["newest"] == answer["newest"]


def test_the_way_to_a_node_is_open_to_everybody(base_url: str, admin: httpx.Client) -> None:
    near = joined(base_url, region="sa-east", url="http://127.0.0.1:11")
    far = joined(base_url, region="eu-west", url="http://127.0.0.1:12")

    def route(query: str) -> dict[str, Any]:
        return httpx.get(f"{base_url}/api/v1/cdn/route{query}").json()

    def regions(query: str) -> list[str]:
        """As after heartbeats just now."""
        for node in (near, far):
            beat(base_url, node)
        return [node["region"] for node in route(query)["nodes"]]

    until(lambda: {"sa-east", "eu-west"} <= set(regions("?country=BR")))
    assert route("?country=BR")["place"]["country"] == "BR"
    until(lambda: regions("?country=BR")[:1] == ["sa-east"])
    until(lambda: regions("?country=DE")[:1] == ["eu-west"])
    assert route("")["place"]["country"] is None
    assert route("?country=ZZ")["code"] == "country_unknown"
    # A header that no trusted proxy has written does not move anybody.
    claimed = httpx.get(f"{base_url}/api/v1/cdn/route", headers={"x-forwarded-for": "81.2.69.142"})
    assert claimed.json()["place"]["country"] is None


def test_where_bytes_may_lie_is_for_the_seller_to_say(base_url: str) -> None:
    seller, stranger = sign_up(base_url), sign_up(base_url)
    rules = f"{base_url}/api/v1/cdn/residency"
    own = {"organisation_id": organisation_of(seller), "regions": ["eu-west", "ap-south"]}

    def put(who: Souk, body: dict[str, Any]) -> httpx.Response:
        return httpx.put(rules, json=body, headers={"authorization": f"Bearer {key_of(who)}"})

    assert put(seller, own).status_code == 200
    assert put(stranger, own).status_code == 403
    assert put(seller, {**own, "regions": ["zz-none"]}).json()["code"] == "region_unknown"
    listed = httpx.get(rules, headers={"authorization": f"Bearer {key_of(seller)}"}).json()
    assert listed["items"] == [{**own, "listing_id": None}]
    theirs = {"authorization": f"Bearer {key_of(stranger)}"}
    found = httpx.get(rules, params={"organisation_id": own["organisation_id"]}, headers=theirs)
    assert found.status_code == 404
    assert put(seller, {**own, "regions": []}).json()["regions"] == []


def test_without_a_node_that_answers_home_serves(base_url: str, admin: httpx.Client) -> None:
    beat(base_url, joined(base_url, region="na-east", url=NOWHERE))
    bought = Bought(base_url, sign_up(base_url), fresh(5000))
    answer = httpx.get(bought.home_url())
    assert answer.status_code == 200 and answer.content == bought.content
    wanted = {"redirects": False, "default_region": "eu-west", "shield_region": "na-east"}
    put = admin.put("/api/v1/cdn/configuration", json=wanted)
    assert put.json() == wanted == admin.get("/api/v1/cdn/configuration").json()
    wrong = admin.put("/api/v1/cdn/configuration", json={**wanted, "shield_region": "zz-no"})
    assert wrong.json()["code"] == "region_unknown"
    admin.put("/api/v1/cdn/configuration", json={"redirects": True}).raise_for_status()
    assert json.loads(put.text)["redirects"] is False
