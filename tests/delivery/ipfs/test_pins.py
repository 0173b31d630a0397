"""Souk as a pinning service: the published API, and fetching what is not here."""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from souk.delivery.ipfs.fetching import MAX_ATTEMPTS, PinFetcher
from souk.delivery.ipfs.importing import CarImporter
from souk.delivery.ipfs.pin_store import PinRow
from souk.delivery.ipfs.pin_store import add as add_pin
from souk.delivery.ipfs.settings import IpfsSettings
from souk.infra.blobs.store import BlobStore
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.ids import new_id
from souk.works.artifacts.intake import Intake
from souk.works.artifacts.settings import ArtifactSettings
from souk_client.proofs.ipfs import parse_cid
from souk_client.sdk import Souk
from tests.delivery.ipfs.elsewhere import Elsewhere, serving
from tests.delivery.ipfs.market import await_cid, file_cid, folder_cid, key_of, publish_files
from tests.delivery.ipfs.vectors import car_of, content, recorded
from tests.market import sign_up

CARS = recorded()["cars"]
FILES = {"a.txt": b"pinned " + secrets.token_bytes(8)}


@pytest.fixture(scope="module")
def seller(base_url: str) -> Souk:
    return sign_up(base_url)


@pytest.fixture(scope="module")
def api(base_url: str) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {key_of(sign_up(base_url))}"}
    with httpx.Client(base_url=f"{base_url}/ipfs-pinning", headers=headers) as client:
        yield client


@pytest.fixture(autouse=True)
def _no_pins(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "api" in request.fixturenames:
        client = request.getfixturevalue("api")
        every = {"status": "queued,pinning,pinned,failed", "limit": "1000"}
        for pin in client.get("/pins", params=every).json()["results"]:
            client.delete(f"/pins/{pin['requestid']}")


@pytest.fixture(scope="module")
def root(base_url: str, seller: Souk) -> str:
    publish_files(seller, FILES)
    cid = folder_cid(FILES)
    await_cid(base_url, cid)
    return cid


def check_status(status: dict[str, Any]) -> None:
    """The members that the specification requires."""
    assert set(status) >= {"requestid", "status", "created", "pin", "delegates"}
    assert 1 <= len(status["delegates"]) <= 20
    assert status["status"] in {"queued", "pinning", "pinned", "failed"}
    assert all(isinstance(value, str) for value in status.get("info", {}).values())


def test_the_life_of_a_pin(api: httpx.Client, root: str) -> None:
    pin = {
        "cid": root,
        "name": "Precious",
        "origins": ["/ip4/203.0.113.142/tcp/4001/p2p/QmSourcePeerId"],
        "meta": {"app_id": "99986338"},
    }
    answer = api.post("/pins", json=pin)
    assert answer.status_code == 202
    status = answer.json()
    check_status(status)
    assert status["status"] == "pinned" and status["pin"] == pin
    assert api.get(f"/pins/{status['requestid']}").json() == status
    other = api.post(f"/pins/{status['requestid']}", json={"cid": file_cid(FILES["a.txt"])})
    assert other.status_code == 202 and other.json()["status"] == "pinned"
    assert api.get(f"/pins/{status['requestid']}").status_code == 404
    assert [one["requestid"] for one in api.get("/pins").json()["results"]] == [
        other.json()["requestid"]
    ]
    gone = api.delete(f"/pins/{other.json()['requestid']}")
    assert (gone.status_code, gone.content) == (202, b"")
    assert api.delete(f"/pins/{other.json()['requestid']}").status_code == 404
    assert api.get("/pins").json() == {"count": 0, "results": []}


def test_pins_are_found_by_what_they_say(api: httpx.Client, root: str) -> None:
    made = []
    for number in range(12):
        meta = {"app": "x", "n": str(number % 2)}
        made.append(api.post("/pins", json={"cid": root, "name": f"Pin {number}", "meta": meta}))
    first = api.get("/pins").json()
    assert first["count"] == 12 and len(first["results"]) == 10
    assert first["results"][0]["pin"]["name"] == "Pin 11"
    moments = [answer.json()["created"] for answer in made]
    assert len(set(moments)) == 12 and moments == sorted(moments)

    def names(**params: str) -> list[str]:
        answer = api.get("/pins", params=params)
        assert answer.status_code == 200, answer.text
        return [one["pin"]["name"] for one in answer.json()["results"]]

    assert names(before=first["results"][-1]["created"]) == ["Pin 1", "Pin 0"]
    assert names(after=moments[10]) == ["Pin 11"]
    assert names(name="Pin 3") == ["Pin 3"]
    assert names(name="pin 3") == []
    assert names(name="pin 3", match="iexact") == ["Pin 3"]
    assert names(name="in 1", match="partial") == ["Pin 11", "Pin 10", "Pin 1"]
    assert names(name="PIN 1", match="ipartial") == ["Pin 11", "Pin 10", "Pin 1"]
    assert names(meta='{"n":"1"}', limit="2") == ["Pin 11", "Pin 9"]
    assert names(meta='{"n":"1","app":"y"}') == []
    assert len(names(cid=f"{root},{file_cid(b'other')}", limit="1000")) == 12
    assert names(cid=file_cid(b"other")) == []
    assert names(status="queued,failed") == []
    assert len(names(status="pinned,failed")) == 10


def test_what_is_not_here_or_not_for_the_caller_fails_and_says_why(
    base_url: str, api: httpx.Client, seller: Souk
) -> None:
    unknown = api.post("/pins", json={"cid": file_cid(secrets.token_bytes(5))}).json()
    check_status(unknown)
    assert unknown["status"] == "failed"
    assert "/api/v1/ipfs/imports" in unknown["info"]["status_details"]
    files = {"a": secrets.token_bytes(9)}
    listing = publish_files(seller, files, price_minor=100)
    await_cid(base_url, folder_cid(files), key_of(seller))
    licensed = api.post("/pins", json={"cid": folder_cid(files)}).json()
    assert licensed["status"] == "failed"
    assert listing.address in licensed["info"]["status_details"]
    assert api.post("/pins", json={"cid": "bafkqaaa"}).json()["status"] == "pinned"


def test_pins_are_the_callers_own(
    base_url: str, api: httpx.Client, seller: Souk, root: str
) -> None:
    mine = api.post("/pins", json={"cid": root}).json()["requestid"]
    theirs = {"authorization": f"Bearer {key_of(seller)}"}
    assert api.get("/pins", headers=theirs).json()["count"] == 0
    for method in ("GET", "POST", "DELETE"):
        answer = api.request(method, f"/pins/{mine}", headers=theirs, json={"cid": root})
        assert answer.status_code == 404
        assert answer.json()["error"]["reason"] == "PIN_UNKNOWN"
    assert api.get(f"/pins/{mine}").status_code == 200
    for method, path in (("GET", "/pins"), ("POST", "/pins"), ("DELETE", f"/pins/{mine}")):
        answer = httpx.request(method, f"{base_url}/ipfs-pinning{path}")
        assert answer.status_code == 401
        assert answer.json()["error"]["reason"] == "SIGN_IN_NEEDED"


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("POST", "/pins", {"content": b""}),
        ("POST", "/pins", {"content": b"{"}),
        ("POST", "/pins", {"content": b"\xff"}),
        ("POST", "/pins", {"content": b"[" * 100_000}),
        ("POST", "/pins", {"json": {}}),
        ("POST", "/pins", {"json": {"cid": 5}}),
        ("POST", "/pins", {"json": {"cid": "hello"}}),
        ("POST", "/pins", {"json": {"cid": "bafkqaaa", "name": "x" * 256}}),
        ("POST", "/pins", {"json": {"cid": "bafkqaaa", "meta": {"a": 5}}}),
        ("POST", "/pins", {"json": {"cid": "bafkqaaa", "origins": ["x"] * 21}}),
        ("POST", "/pins/unknown", {"json": {"cid": "hello"}}),
        ("GET", "/pins", {"params": {"limit": "0"}}),
        ("GET", "/pins", {"params": {"limit": "many"}}),
        ("GET", "/pins", {"params": {"status": "lost"}}),
        ("GET", "/pins", {"params": {"match": "some"}}),
        ("GET", "/pins", {"params": {"before": "yesterday"}}),
        ("GET", "/pins", {"params": {"before": "2026-01-01T00:00:00"}}),
        ("GET", "/pins", {"params": {"meta": "{"}}),
        ("GET", "/pins", {"params": {"meta": '{"a":1}'}}),
        ("GET", "/pins", {"params": {"cid": "hello"}}),
        ("GET", "/pins", {"params": {"cid": ",".join(["bafkqaaa"] * 11)}}),
    ],
)
def test_what_cannot_be_read_is_refused_in_the_form_of_the_api(
    api: httpx.Client, method: str, path: str, sent: dict[str, Any]
) -> None:
    answer = api.request(method, path, **sent)
    assert answer.status_code in {400, 404}, answer.text
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert error["reason"].isupper() and error["details"]


def test_a_name_that_cannot_be_stored_is_refused(api: httpx.Client) -> None:
    answer = api.post("/pins", json={"cid": "bafkqaaa", "name": "a\0b"})
    assert answer.status_code in {400, 422} and "error" in answer.json()


def test_a_page_of_another_site_cannot_pin(base_url: str, root: str) -> None:
    """A cookie alone is no credential here."""
    account = {"email": f"{secrets.token_hex(6)}@market.example.org", "name": "Ada"}
    with httpx.Client(base_url=base_url) as browser:
        session = browser.post(
            "/api/v1/auth/register", json={**account, "password": "a long enough password"}
        )
        assert session.status_code == 201
        browser.cookies.set("souk_session", "forged")
        answer = browser.post("/ipfs-pinning/pins", json={"cid": root})
        assert answer.status_code in {401, 403}


# Fetching ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    with serving(Elsewhere()) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def fetcher(
    database: Database, elsewhere: Elsewhere, tmp_path: Path
) -> AsyncIterator[PinFetcher]:
    settings = IpfsSettings(fetch_gateway=elsewhere.url)
    intake = Intake(
        BlobStore(None, folder=tmp_path / "blobs"),
        folder=tmp_path / "intake",
        settings=ArtifactSettings(),
    )
    importer = CarImporter(database, intake=intake, folder=tmp_path / "cars", settings=settings)
    elsewhere.broken_for = 0
    yield PinFetcher(database, importer=importer, settings=settings)
    assert not (tmp_path / "cars").exists() or not list((tmp_path / "cars").iterdir())


async def queued(database: Database, cid: str) -> str:
    async with database.transaction(SYSTEM) as uow:
        row = PinRow(
            id=new_id("pin", uow.now),
            organisation_id="org_fetching",
            user_id="usr_fetching",
            cid=cid,
            root=parse_cid(cid).binary,
            name="some name",
            origins=[],
            meta={},
            state="queued",
            details="",
            attempts=0,
            created_at=uow.now,
        )
        return (await add_pin(uow, row, due_at=uow.now)).id


async def state_of(database: Database, pin_id: str) -> tuple[str, str]:
    async with database.transaction(SYSTEM, read_only=True) as uow:
        state = await uow.value("SELECT state FROM ipfs.pins WHERE id = %(id)s", id=pin_id)
        details = await uow.value("SELECT details FROM ipfs.pins WHERE id = %(id)s", id=pin_id)
    return state, details


async def test_what_is_not_here_is_fetched_and_held(
    database: Database, elsewhere: Elsewhere, fetcher: PinFetcher
) -> None:
    case = CARS[-1]
    elsewhere.cars[case["root"]] = car_of(case)
    pin_id = await queued(database, case["root"])
    assert await fetcher.fetch_next()
    assert not await fetcher.fetch_next()
    assert await state_of(database, pin_id) == ("pinned", "The content was fetched and is here.")
    async with database.transaction(SYSTEM, read_only=True) as uow:
        held = await uow.values(
            "SELECT a.cid FROM works.artifacts a JOIN works.holders h USING (sha256) "
            "WHERE h.organisation_id = 'org_fetching'"
        )
    assert set(held) == {file_cid(content(path, size)) for path, size in case["files"].items()}


async def test_a_gateway_that_lies_or_lacks_fails_the_pin(
    database: Database, elsewhere: Elsewhere, fetcher: PinFetcher
) -> None:
    wanted, other = CARS[0]["root"], CARS[2]
    elsewhere.cars[wanted] = car_of(other)
    lied = await queued(database, wanted)
    await fetcher.fetch_next()
    state, details = await state_of(database, lied)
    assert state == "failed" and wanted in details
    changed = bytearray(car_of(CARS[0]))
    changed[-3] ^= 1
    elsewhere.cars[wanted] = bytes(changed)
    broken = await queued(database, wanted)
    await fetcher.fetch_next()
    assert (await state_of(database, broken))[0] == "failed"
    lacking = await queued(database, file_cid(b"not there"))
    await fetcher.fetch_next()
    assert await state_of(database, lacking) == (
        "failed",
        "The gateway that pins are fetched from answered 404.",
    )


async def test_a_gateway_that_fails_is_asked_again_but_not_for_ever(
    database: Database, elsewhere: Elsewhere, fetcher: PinFetcher
) -> None:
    elsewhere.broken_for = MAX_ATTEMPTS
    pin_id = await queued(database, file_cid(b"later"))
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert await fetcher.fetch_next()
        expected = "failed" if attempt == MAX_ATTEMPTS else "queued"
        assert (await state_of(database, pin_id))[0] == expected
        assert not await fetcher.fetch_next()
        async with database.transaction(SYSTEM) as uow:
            await uow.execute("UPDATE ipfs.pins SET due_at = now() WHERE due_at IS NOT NULL")
