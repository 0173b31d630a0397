"""Works that nodes hold before anybody asks: pinned, fetched once, on publishing, by demand."""

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from souk_client.contracts.works import VersionFile
from souk_client.sdk import Souk
from tests.admins import admin_client
from tests.delivery.cdn.buying import MIB, Bought, fresh, key_of
from tests.delivery.cdn.nodes import Node, until
from tests.market import organisation_of, publish, sign_up


@pytest.fixture(scope="module")
def node(base_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    node = Node(
        base_url, tmp_path_factory.mktemp("node"), "eu-west", SOUK_EDGE_CACHE_BYTES=str(16 * MIB)
    )
    try:
        yield node.start()
    finally:
        node.stop()


@pytest.fixture(scope="module")
def admin(base_url: str, session_owner_dsn: str) -> Iterator[httpx.Client]:
    with admin_client(base_url, session_owner_dsn) as http:
        yield http


@pytest.fixture(scope="module")
def seller(base_url: str) -> Souk:
    return sign_up(base_url)


class Http:
    """Plain HTTP in a seller's name."""

    def __init__(self, base_url: str, who: Souk) -> None:
        self._root = f"{base_url}/api/v1/cdn/placements"
        self._headers = {"authorization": f"Bearer {key_of(who)}"}

    def add(self, **body: Any) -> httpx.Response:
        return httpx.post(self._root, json=body, headers=self._headers)

    def get(self, placement_id: str) -> dict[str, Any]:
        answer = httpx.get(f"{self._root}/{placement_id}", headers=self._headers)
        return answer.raise_for_status().json()

    def all(self) -> list[dict[str, Any]]:
        return httpx.get(self._root, headers=self._headers).raise_for_status().json()["items"]

    def remove(self, placement_id: str) -> httpx.Response:
        return httpx.delete(f"{self._root}/{placement_id}", headers=self._headers)

    def held(self, placement_id: str, node: Node) -> bool:
        found = self.get(placement_id)["nodes"]
        return any(one["region"] == node.region and one["complete"] for one in found)


@pytest.fixture(scope="module")
def http(base_url: str, seller: Souk) -> Http:
    return Http(base_url, seller)


def slices_of(node: Node, content: bytes) -> list[Path]:
    name = hashlib.sha256(content).hexdigest()
    return [path for path in node.slices() if path.name.startswith(name)]


def test_a_pinned_work_is_there_first_and_outlives_a_scan(
    base_url: str, seller: Souk, http: Http, node: Node
) -> None:
    content = fresh(3 * MIB + 7)
    bought = Bought(base_url, seller, content)
    made = http.add(kind="pin", listing_id=bought.listing.id, regions=["eu-west"])
    assert made.status_code == 201, made.text
    rule = made.json()
    assert rule["size_bytes"] == len(content) and rule["nodes"] == []
    until(lambda: http.held(rule["id"], node), what="fetching ahead")
    assert len(slices_of(node, content)) == 4
    url = bought.url()
    first = httpx.get(url)
    assert first.content == content
    assert first.headers["cache-status"] == "souk-eu-west; hit", "nobody waits for it"
    for _ in range(2):
        httpx.get(Bought(base_url, seller, fresh(9 * MIB)).url()).raise_for_status()
    assert len(slices_of(node, content)) == 4
    # What was purged by hand is fetched again for as long as it is pinned.
    purge = {"kind": "tag", "value": f"listing:{bought.listing.id}"}
    key = {"authorization": f"Bearer {key_of(seller)}"}
    httpx.post(f"{base_url}/api/v1/cdn/purges", json=purge, headers=key).raise_for_status()
    until(lambda: len(slices_of(node, content)) == 4, what="fetching it again")
    # A new version takes its place.
    newer = fresh(MIB + 1)
    _new_version(seller, bought.listing.id, newer)
    until(lambda: len(slices_of(node, newer)) == 2, what="the new version")
    assert http.remove(rule["id"]).status_code == 204
    assert http.remove(rule["id"]).json()["code"] == "placement_unknown"


def _new_version(seller: Souk, listing_id: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "data.txt")
        path.write_bytes(content)
        artifact = seller.upload_file(path)
    files = [VersionFile(path="data.txt", sha256=artifact.sha256)]
    seller.listings.create_version(listing_id, version="2.0.0", files=files)
    seller.listings.publish(listing_id, version="2.0.0")


def test_publishing_prefetches_where_the_seller_wants_it(
    base_url: str, http: Http, seller: Souk, node: Node
) -> None:
    standing = http.add(kind="publish", regions=["eu-west"]).raise_for_status().json()
    content = fresh(20_000)
    listing = publish(seller, content=content, price_minor=500)
    until(lambda: len(slices_of(node, content)) == 1, what="the prefetch")
    (once,) = [rule for rule in http.all() if rule["listing_id"] == listing.id]
    assert once["kind"] == "prefetch" and once["ends_at"] is not None
    http.remove(once["id"])
    http.remove(standing["id"])


def test_popular_files_follow_demand(
    base_url: str, seller: Souk, node: Node, admin: httpx.Client, session_owner_dsn: str
) -> None:
    content = fresh(MIB + 3)
    bought = Bought(base_url, seller, content)
    sha256 = hashlib.sha256(content).hexdigest()
    bought.url()

    def counted() -> int:
        with psycopg.connect(session_owner_dsn, autocommit=True) as connection:
            return connection.execute(
                "UPDATE cdn.demand SET requests = 250 WHERE sha256 = %s", [sha256]
            ).rowcount

    until(lambda: counted() > 0, what="counting")

    def followed() -> bool:
        found = admin.get("/api/v1/cdn/replicas").raise_for_status().json()
        return any(one["sha256"] == sha256 and one["copies"] == 2 for one in found["items"])

    until(followed, what="following demand")
    until(lambda: len(slices_of(node, content)) == 2, what="the copy")


def test_a_placement_keeps_to_who_may_and_where(
    base_url: str, seller: Souk, http: Http, node: Node
) -> None:
    content = fresh(5000)
    listing = publish(seller, content=content)
    stranger = Http(base_url, sign_up(base_url))
    pin = {"kind": "pin", "listing_id": listing.id, "regions": ["eu-west"]}
    rule = http.add(**pin).raise_for_status().json()
    for answer in (stranger.add(**pin), stranger.remove(rule["id"])):
        assert answer.status_code in {403, 404}
    assert rule["id"] not in {one["id"] for one in stranger.all()}
    refusals = [
        ({"kind": "pin", "regions": ["eu-west"]}, "placement_listing_needed"),
        ({**pin, "regions": ["zz-none"]}, "region_unknown"),
        ({**pin, "sha256": "0" * 64}, "file_unknown"),
        ({**pin, "listing_id": "lst_" + "0" * 26}, "listing_unknown"),
    ]
    for body, code in refusals:
        assert http.add(**body).json()["code"] == code
    # Residency comes first: a rule elsewhere is refused, and one that was made is held back.
    key = {"authorization": f"Bearer {key_of(seller)}"}
    until(lambda: len(slices_of(node, content)) == 1)
    stays = {
        "organisation_id": organisation_of(seller),
        "listing_id": listing.id,
        "regions": ["ap-south"],
    }
    httpx.put(f"{base_url}/api/v1/cdn/residency", json=stays, headers=key).raise_for_status()
    assert http.add(**pin).json()["code"] == "placement_not_allowed"
    until(lambda: not http.get(rule["id"])["nodes"], what="residency")
    until(lambda: not slices_of(node, content), what="the purge")


def test_a_nodes_secret_opens_only_what_is_placed_on_it(base_url: str, seller: Souk) -> None:
    from tests.delivery.cdn.test_fleet import beat, joined  # its helpers

    bought = Bought(base_url, seller, fresh(5000))
    sha256 = hashlib.sha256(bought.content).hexdigest()
    credential = joined(base_url, region="na-east")
    answer = beat(base_url, credential).raise_for_status().json()
    assert answer["placements"] is None
    headers = {"souk-node": credential, "souk-ticket": "placed"}
    refused = httpx.get(f"{base_url}/_edge/artifacts/{sha256}", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "address_invalid")
