"""Versions are pinned at a service elsewhere while they are given away, whatever fails."""

from collections.abc import Iterator

import pytest
import pytest_asyncio

from souk.apps.container import build_container
from souk.delivery.ipfs import remote_store
from souk.delivery.ipfs.pins import gateway_address
from souk.delivery.ipfs.remote import RemotePins
from souk.delivery.ipfs.remote_store import RemoteRow
from souk.delivery.ipfs.rights import Rights
from souk.delivery.ipfs.settings import IpfsSettings
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from tests.delivery.ipfs.elsewhere import TOKEN, Elsewhere, serving
from tests.serving import SECRET

ORIGIN = "/dns4/souk.example/tcp/443/https"
ROW = RemoteRow(version_id="ver_1", listing_id="lst_1", organisation_id="org_1", cid="bafkqaaa")


class GivenAway(Rights):
    """What everybody may have, as the test says."""

    def __init__(self) -> None:
        self.listings = {"lst_1"}

    async def given_to_all(self, uow: UnitOfWork, listing_id: str) -> bool:
        return listing_id in self.listings


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    with serving(Elsewhere()) as running:
        yield running


@pytest.fixture
def given_away() -> GivenAway:
    return GivenAway()


@pytest_asyncio.fixture(loop_scope="session")
async def pins(database: Database, elsewhere: Elsewhere, given_away: GivenAway) -> RemotePins:
    elsewhere.pins.clear()
    elsewhere.requests.clear()
    elsewhere.broken_for, elsewhere.next_state = 0, "queued"
    async with database.transaction(SYSTEM) as uow:
        await uow.execute("DELETE FROM ipfs.remote_pins")
        await remote_store.add(uow, [ROW])
    settings = IpfsSettings(remote_endpoint=f"{elsewhere.url}/psa/", remote_token=TOKEN)
    return RemotePins(database, rights=given_away, settings=settings, origin=ORIGIN)


async def row_of(database: Database) -> RemoteRow:
    async with database.transaction(SYSTEM, read_only=True) as uow:
        found = await remote_store.of_version(uow, ROW.version_id)
    assert found is not None
    return found


async def hasten(database: Database) -> None:
    """Time passes until everything is due."""
    async with database.transaction(SYSTEM) as uow:
        await uow.execute("UPDATE ipfs.remote_pins SET due_at = now() WHERE due_at IS NOT NULL")


async def is_due_later(database: Database) -> bool:
    async with database.transaction(SYSTEM, read_only=True) as uow:
        return bool(await uow.value("SELECT due_at > now() FROM ipfs.remote_pins"))


async def test_a_version_is_sent_once_and_watched_until_it_is_pinned(
    database: Database, elsewhere: Elsewhere, pins: RemotePins
) -> None:
    assert await pins.do_due() == 1
    assert await pins.do_due() == 0
    (pinned,) = elsewhere.pins.values()
    assert pinned["pin"] == {
        "cid": "bafkqaaa",
        "name": "ver_1",
        "origins": [ORIGIN],
        "meta": {"souk_version": "ver_1", "souk_listing": "lst_1"},
    }
    row = await row_of(database)
    assert (row.state, row.details) == ("queued", "Queue position: 7 of 9")
    assert row.request_id == pinned["requestid"]
    pinned["status"] = "pinned"
    await hasten(database)
    assert await pins.do_due() == 1
    assert (await row_of(database)).state == "pinned"
    assert await is_due_later(database)
    assert sum(one.startswith("POST") for one in elsewhere.requests) == 1


async def test_what_is_no_longer_given_away_is_removed_there(
    database: Database, elsewhere: Elsewhere, pins: RemotePins, given_away: GivenAway
) -> None:
    await pins.do_due()
    given_away.listings.clear()
    async with database.transaction(SYSTEM) as uow:
        assert await remote_store.look_again(uow, ["lst_1", "lst_other"]) == 1
    assert await pins.do_due() == 1
    assert elsewhere.pins == {}
    assert (await row_of(database)).state == "removed"
    assert await pins.do_due() == 0
    given_away.listings.add("lst_1")
    async with database.transaction(SYSTEM) as uow:
        await remote_store.look_again(uow, ["lst_1"])
    await pins.do_due()
    assert len(elsewhere.pins) == 1 and (await row_of(database)).state == "queued"


async def test_a_licensed_version_is_never_sent(
    database: Database, elsewhere: Elsewhere, pins: RemotePins, given_away: GivenAway
) -> None:
    given_away.listings.clear()
    assert await pins.do_due() == 1
    assert elsewhere.requests == []
    assert (await row_of(database)).state == "waiting"


async def test_a_worker_that_died_after_sending_sends_no_second_pin(
    database: Database, elsewhere: Elsewhere, pins: RemotePins
) -> None:
    await pins.do_due()
    async with database.transaction(SYSTEM) as uow:
        await uow.execute(
            "UPDATE ipfs.remote_pins SET request_id = NULL, state = 'waiting', due_at = now()"
        )
    await pins.do_due()
    assert len(elsewhere.pins) == 1
    assert (await row_of(database)).request_id == next(iter(elsewhere.pins))


async def test_a_service_that_fails_is_asked_again_later(
    database: Database, elsewhere: Elsewhere, pins: RemotePins
) -> None:
    elsewhere.broken_for = 2
    for _ in range(2):
        assert await pins.do_due() == 1
        row = await row_of(database)
        assert row.state == "waiting" and "500" in row.details
        assert await is_due_later(database)
        await hasten(database)
    await pins.do_due()
    assert (await row_of(database)).state == "queued"


async def test_a_pin_that_failed_there_is_sent_anew(
    database: Database, elsewhere: Elsewhere, pins: RemotePins
) -> None:
    elsewhere.next_state = "failed"
    await pins.do_due()
    assert (await row_of(database)).state == "failed"
    first = next(iter(elsewhere.pins))
    elsewhere.next_state = "pinned"
    await hasten(database)
    await pins.do_due()
    assert first not in elsewhere.pins and len(elsewhere.pins) == 1
    assert (await row_of(database)).state == "pinned"


async def test_a_pin_lost_there_is_sent_again(
    database: Database, elsewhere: Elsewhere, pins: RemotePins
) -> None:
    elsewhere.next_state = "pinned"
    await pins.do_due()
    elsewhere.pins.clear()
    await hasten(database)
    await pins.do_due()
    assert len(elsewhere.pins) == 1


async def test_a_wrong_token_is_said(database: Database, pins: RemotePins) -> None:
    pins._settings = IpfsSettings(remote_endpoint=pins._settings.remote_endpoint, remote_token="x")
    await pins.do_due()
    assert "401" in (await row_of(database)).details


def test_the_worker_pins_elsewhere_only_when_told_where() -> None:
    environ = {"SOUK_DATABASE_URL": "postgresql://x@127.0.0.1:1/x", "SOUK_SECRET": SECRET}
    plain = build_container(environ=environ).ipfs.parts
    told = build_container(
        environ={
            **environ,
            "SOUK_IPFS_REMOTE_ENDPOINT": "https://pins.example/psa",
            "SOUK_IPFS_FETCH_GATEWAY": "https://gateway.example",
        }
    ).ipfs.parts
    assert len(told.worker_tasks) == len(plain.worker_tasks) + 2
    assert {one.name for one in told.handlers} - {one.name for one in plain.handlers} == {
        "delivery.ipfs_remote"
    }


@pytest.mark.parametrize(
    ("base_url", "address"),
    [
        ("https://souk.example", "/dns4/souk.example/tcp/443/https"),
        ("http://127.0.0.1:8000", "/ip4/127.0.0.1/tcp/8000/http"),
        ("http://[::1]:80/", "/ip6/::1/tcp/80/http"),
    ],
)
def test_the_gateway_as_a_multiaddr(base_url: str, address: str) -> None:
    assert gateway_address(base_url) == address
