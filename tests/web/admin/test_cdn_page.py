"""The operator's page of edge nodes."""

from collections.abc import Iterator

import httpx
import pytest

from tests.admins import admin_client
from tests.delivery.cdn.nodes import LOCAL_TOKEN
from tests.web.admin.test_admin_pages import Page

BEAT = {
    "state": "ready",
    "load": 0.25,
    "downloads": 3,
    "used_bytes": 2**20,
    "cache_bytes": 2**30,
    "damaged": 2,
    "not_stored": 0,
    "applied": 10**9,  # whatever others have ordered, it is done
}
NOWHERE = "http://127.0.0.1:13"


@pytest.fixture(scope="module")
def operator(base_url: str, session_owner_dsn: str) -> Iterator[Page]:
    with admin_client(base_url, session_owner_dsn) as admin:
        yield Page(base_url, admin.get("/api/v1/me").json()["user"]["email"])


def test_the_page_shows_nodes_and_drains_and_removes_them(base_url: str, operator: Page) -> None:
    shown = operator.get("/admin/cdn")
    assert "South America, east" in shown and "Asia, north-east" in shown
    asked = {"token": LOCAL_TOKEN, "region": "sa-east", "url": NOWHERE}
    joined = httpx.post(f"{base_url}/_edge/join", json=asked).raise_for_status().json()
    node_id = joined["node_id"]

    def page() -> str:
        """As after a heartbeat just now."""
        headers = {"souk-node": f"{node_id}.{joined['secret']}"}
        httpx.post(f"{base_url}/_edge/heartbeat", json=BEAT, headers=headers)
        return operator.get("/admin/cdn/now")

    text = page()
    assert NOWHERE in text and "2 damaged slices" in text and "3 under way (25 %)" in text
    sent = operator.post(f"/admin/cdn/{node_id}/draining", at="/admin/cdn")
    assert sent.status_code == 303
    assert "Draining" in page()
    assert operator.post(f"/admin/cdn/{node_id}/sideways", at="/admin/cdn").status_code == 422
    operator.post(f"/admin/cdn/{node_id}/ready", at="/admin/cdn")
    operator.post(f"/admin/cdn/{node_id}/removed", at="/admin/cdn")
    assert NOWHERE not in page()
