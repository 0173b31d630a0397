"""Figures, availability and alerts of a running marketplace."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from tests.admins import admin_client
from tests.delivery.cdn.buying import key_of
from tests.delivery.cdn.nodes import until
from tests.delivery.cdn.test_fleet import beat, joined
from tests.market import organisation_of, sign_up

REGION = "ap-northeast"
SENT = 4 * 10**9
CDN = "/api/v1/cdn"


@pytest.fixture(scope="module")
def admin(base_url: str, session_owner_dsn: str) -> Iterator[httpx.Client]:
    with admin_client(base_url, session_owner_dsn) as http:
        yield http


@pytest.fixture(scope="module")
def seller_id(base_url: str) -> tuple[str, dict[str, str]]:
    seller = sign_up(base_url)
    return organisation_of(seller), {"authorization": f"Bearer {key_of(seller)}"}


@pytest.fixture(scope="module")
def node(base_url: str, admin: httpx.Client, seller_id: tuple[str, Any]) -> Iterator[str]:
    """A node that nobody can reach, with traffic of this minute; its credential."""
    credential = joined(base_url, region=REGION, url="http://127.0.0.1:14")
    line = {
        "minute": int(time.time()) // 60 * 60,
        "organisation_id": seller_id[0],
        "requests": 10,
        "errors": 4,
        "bytes_sent": SENT,
        "hit_bytes": SENT // 2,
        "latency": [0, 0, 6, 0, 0, 0, 4, 0, 0, 0, 0],
    }
    beat(base_url, credential, usage={"number": 1, "lines": [line]}).raise_for_status()
    yield credential
    admin.patch(f"{CDN}/nodes/{credential.partition('.')[0]}", json={"state": "removed"})


@pytest.fixture(scope="module")
def prices(admin: httpx.Client) -> Iterator[None]:
    wanted = [
        {"region": "", "egress_micros_per_gb": 90_000},
        {"region": REGION, "egress_micros_per_gb": 10_000, "hour_micros": 0},
    ]
    body = {"currency": "USD", "prices": wanted}
    assert admin.put(f"{CDN}/prices", json=body).raise_for_status().json()["currency"] == "USD"
    yield
    admin.put(f"{CDN}/prices", json={**body, "prices": []}).raise_for_status()


def test_sellers_see_their_own_traffic_and_savings(
    base_url: str, node: str, seller_id: tuple[str, dict[str, str]], prices: None
) -> None:
    organisation_id, headers = seller_id
    url = f"{base_url}{CDN}/analytics?hours=1&organisation_id={organisation_id}"
    found = httpx.get(url, headers=headers).raise_for_status().json()
    total = found["total"]
    assert (total["requests"], total["errors"], total["bytes_sent"]) == (10, 4, SENT)
    assert (total["hit_ratio"], total["p50_ms"], total["p99_ms"]) == (0.5, 5, 100)
    assert total["cost_micros"] == 40_000
    assert total["saving_micros"] == 2 * 90_000 - 40_000
    assert [one["key"] for one in found["sellers"]] == [organisation_id]
    assert [one["key"] for one in found["regions"]] == [REGION]
    assert sum(one["hit_bytes"] for one in found["series"]) == SENT // 2
    assert httpx.get(f"{base_url}{CDN}/analytics", headers=headers).status_code == 403
    stranger = {"authorization": f"Bearer {key_of(sign_up(base_url))}"}
    assert httpx.get(url, headers=stranger).status_code == 404


def test_operators_see_all_of_it_by_node_region_and_seller(
    admin: httpx.Client, node: str, seller_id: tuple[str, Any]
) -> None:
    node_id = node.partition(".")[0]
    found = admin.get(f"{CDN}/analytics?hours=30").raise_for_status().json()
    assert found["bucket_s"] == 3600
    (mine,) = [one for one in found["nodes"] if one["key"] == node_id]
    assert (mine["region"], mine["bytes_sent"]) == (REGION, SENT)
    assert seller_id[0] in {one["key"] for one in found["sellers"]}
    until(
        lambda: admin.get(f"{CDN}/nodes/{node_id}/metrics?hours=1").json()["minutes"],
        what="a look at the node",
    )
    metrics = admin.get(f"{CDN}/nodes/{node_id}/metrics?hours=1").json()
    assert metrics["served"]["requests"] == 10
    assert metrics["minutes"][0]["probes"] >= 1 and metrics["minutes"][0]["probes_good"] == 0
    assert admin.get(f"{CDN}/nodes/nod_x/metrics").json()["code"] == "node_unknown"
    refused = {"currency": "USD", "prices": [{"region": "zz-no", "egress_micros_per_gb": 1}]}
    assert admin.put(f"{CDN}/prices", json=refused).json()["code"] == "region_unknown"
    twice = {"currency": "USD", "prices": 2 * [{"region": "", "egress_micros_per_gb": 1}]}
    assert admin.put(f"{CDN}/prices", json=twice).json()["code"] == "cdn_prices_invalid"


def test_availability_counts_minutes_that_were_looked_at(
    admin: httpx.Client, session_owner_dsn: str
) -> None:
    month_ago = datetime.now(UTC) - timedelta(days=35)
    day = month_ago.replace(hour=7, minute=8, second=0, microsecond=0)
    minutes = [  # node, expected, probes, of these good
        (0, "nod_a", True, 12, 12),
        (0, "nod_b", True, 12, 0),
        (1, "nod_a", True, 12, 5),
        (1, "nod_b", False, 12, 0),
        (2, "nod_a", True, 12, 6),
    ]
    with psycopg.connect(session_owner_dsn, autocommit=True) as connection:
        for at, node_id, expected, probes, good in minutes:
            connection.execute(
                "INSERT INTO cdn.node_minutes (minute, node_id, region, expected, probes, "
                "probes_good) VALUES (%s, %s, 'na-west', %s, %s, %s)",
                [day + timedelta(minutes=at), node_id, expected, probes, good],
            )

    def items() -> dict[str, dict[str, Any]]:
        report = admin.get(f"{CDN}/availability?month={day:%Y-%m}").raise_for_status().json()
        assert (report["month"], report["target"]) == (f"{day:%Y-%m}", 0.999)
        return {one["subject"]: one for one in report["items"]}

    until(lambda: len(items()) == 3, what="adding up")
    found = {name: (one["good_minutes"], one["expected_minutes"]) for name, one in items().items()}
    assert found == {"na-west": (2, 3), "nod_a": (2, 3), "nod_b": (0, 1)}
    assert items()["na-west"]["met"] is False
    for month in ("2024-13", "0000-01", "9999-12"):
        refused = admin.get(f"{CDN}/availability?month={month}")
        assert (refused.status_code, refused.json()["code"]) == (422, "month_invalid")
    assert admin.get(f"{CDN}/availability").json()["month"] == f"{datetime.now(UTC):%Y-%m}"


def test_a_forecast_says_what_it_is_made_of(admin: httpx.Client, session_owner_dsn: str) -> None:
    assert admin.get(f"{CDN}/forecast?region=sa-east").json()["method"] == "none"
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with psycopg.connect(session_owner_dsn, autocommit=True) as connection:
        for hour in range(1, 80):
            connection.execute(
                "INSERT INTO cdn.node_minutes (minute, node_id, region, expected, load, judged) "
                "VALUES (%s, 'nod_c', 'sa-east', true, %s, true)",
                [now - timedelta(hours=hour), 1 - hour / 100],
            )
    found = admin.get(f"{CDN}/forecast?region=sa-east&days=3").raise_for_status().json()
    assert found["method"] == "trend_and_day" and found["hours"] >= 79
    assert found["nodes_needed"] == 3, "1.7 full nodes in three days, at 70 % each"
    for day in found["node_load"]:
        assert 0 <= day["low"] <= day["middle"] <= day["high"]
    assert admin.get(f"{CDN}/forecast?region=zz-no").json()["code"] == "region_unknown"


def test_an_admin_is_told_when_a_limit_is_crossed_and_when_that_is_over(
    base_url: str, admin: httpx.Client, node: str
) -> None:
    rules = f"{CDN}/alert-rules"
    body = {"name": "Many errors", "metric": "error_ratio", "region": REGION, "for_s": 0}
    unsound = {**body, "threshold": 0.2, "clear_at": 0.3}
    assert admin.post(rules, json=unsound).json()["code"] == "alert_rule_invalid"
    elsewhere = {**body, "region": "zz-no", "threshold": 1}
    assert admin.post(rules, json=elsewhere).json()["code"] == "region_unknown"
    rule = admin.post(rules, json={**body, "threshold": 0.2}).raise_for_status().json()
    assert rule["clear_at"] == 0.2
    assert admin.get(f"{rules}/{rule['id']}").json() == rule

    def states() -> list[str]:
        items = admin.get(f"{CDN}/alerts").raise_for_status().json()["items"]
        return [one["state"] for one in items if one["rule_id"] == rule["id"]]

    def told() -> list[str]:
        items = admin.get("/api/v1/notices").raise_for_status().json()["items"]
        return [one["title"] for one in items if "Many errors" in one["title"]]

    until(lambda: states() == ["raised"], what="the alert")
    until(lambda: told() == [f"Many errors in {REGION}"], what="the notice")
    minute = int(time.time()) // 60 * 60
    good = {
        "minute": minute,
        "organisation_id": "org_x",
        "requests": 1000,
        "errors": 0,
        "bytes_sent": 1,
        "hit_bytes": 1,
        "latency": [1000] + [0] * 10,
    }
    beat(base_url, node, usage={"number": 2, "lines": [good]}).raise_for_status()
    until(lambda: states() == ["cleared"], what="its end")
    until(lambda: len(told()) == 2, what="the second notice")
    changed = admin.put(f"{rules}/{rule['id']}", json={**body, "threshold": 0.5}).json()
    assert (changed["id"], changed["threshold"]) == (rule["id"], 0.5)
    assert changed in admin.get(rules).json()["items"]
    assert admin.delete(f"{rules}/{rule['id']}").status_code == 204
    assert admin.delete(f"{rules}/{rule['id']}").json()["code"] == "alert_rule_unknown"
