"""kill -9 in the middle of hundreds of purchases and uploads: nothing acknowledged is lost, and
nothing is done twice."""

import asyncio
import hashlib
import os
import random
import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from souk.apps.application_role import app_password
from souk.infra.outbox.store import write_events
from souk.infra.postgres.database import Database
from souk.infra.postgres.embedded import EmbeddedPostgres
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.clock import SystemClock
from souk.treasury.ledger.invariants import check_invariants
from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.works import LicenceTerms, ListingRequest, OfferRequest, VersionFile
from souk_client.sdk import RetryPolicy, Souk
from tests.conftest import new_database
from tests.market import available, connect, funded, publish, sign_up
from tests.serving import SECRET, Marketplace

SEED = int(os.environ.get("SOUK_FAULT_SEED", "20261121"))
ORDERS = 240
UPLOADS = 24
BUYERS = 8
KILLS = 4
PRICE_MINOR = 137

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def doomed(postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[Marketplace]:
    """A marketplace of this test alone, to be killed."""
    for owner_dsn in new_database(postgres):
        running = Marketplace(owner_dsn, tmp_path, SOUK_ARTIFACTS_PART_SIZE_BYTES=str(2**20))
        running.start()
        try:
            yield running
        finally:
            running.stop()


def patient(client: Souk) -> Souk:
    """The same account, by a client that does not give up while the server is being restarted."""
    return connect(
        client.api_url,
        session=client.credentials.session,
        retry=RetryPolicy(attempts=400, first_delay_s=0.05, longest_delay_s=0.2),
    )


class Killer(threading.Thread):
    """Kills processes at random moments of a seeded sequence, and starts them again."""

    def __init__(self, marketplace: Marketplace, dice: random.Random) -> None:
        super().__init__()
        self._marketplace = marketplace
        self._dice = dice
        self.killed: list[str] = []

    def run(self) -> None:
        for _ in range(KILLS):
            time.sleep(self._dice.uniform(0.3, 1.2))
            name = self._dice.choice(["api", "api", "worker"])
            self._marketplace.kill(name)
            self.killed.append(name)
            time.sleep(self._dice.uniform(0.0, 0.3))
            self._marketplace.start(name)


def test_purchases_and_uploads_survive_kill_9(doomed: Marketplace, tmp_path: Path) -> None:
    dice = random.Random(SEED)
    seller = sign_up(doomed.base_url)
    terms = LicenceTerms(kind="counted", uses=1)
    listings = [
        publish(seller, offers=[OfferRequest(price_minor=PRICE_MINOR, terms=terms)])
        for _ in range(3)
    ]
    buyers = [patient(funded(doomed.base_url, ORDERS * PRICE_MINOR)) for _ in range(BUYERS)]
    keys = [(f"order-{number}", dice.choice(buyers)) for number in range(ORDERS)]
    contents = [dice.randbytes(dice.randint(1, 3_500_000)) for _ in range(UPLOADS)]
    steady_seller = patient(seller)

    def buy(pair: tuple[str, Souk]) -> str:
        key, buyer = pair
        listing = listings[hash(key) % len(listings)]
        return buyer.orders.create(OrderRequest(listing_id=listing.id), idempotency_key=key).id

    def send(number: int) -> str:
        path = tmp_path / f"file-{number}.bin"
        path.write_bytes(contents[number])
        return steady_seller.upload_file(path, parallel=2).sha256

    killer = Killer(doomed, dice)
    killer.start()
    with ThreadPoolExecutor(12) as shoppers, ThreadPoolExecutor(4) as senders:
        sending = senders.map(send, range(UPLOADS))
        bought = list(shoppers.map(buy, keys))
        sent = list(sending)
    killer.join()

    assert len(set(bought)) == ORDERS
    assert sent == [hashlib.sha256(content).hexdigest() for content in contents]
    _check_money(doomed, buyers, keys)
    _check_rights(doomed, bought)
    _check_files(doomed, seller, sent, tmp_path)


def _check_money(doomed: Marketplace, buyers: list[Souk], keys: list[tuple[str, Souk]]) -> None:
    for buyer in buyers:
        mine = sum(1 for _, owner in keys if owner is buyer)
        assert available(buyer) == (ORDERS - mine) * PRICE_MINOR
    assert asyncio.run(wrong_books(doomed.owner_dsn)) == []


async def wrong_books(owner_dsn: str) -> list[str]:
    """What the ledger's own check finds wrong."""
    dsn = make_conninfo(owner_dsn, user="souk_app", password=app_password(SECRET))
    database = Database(dsn, pool_size=2, clock=SystemClock(), write_events=write_events)
    await database.open()
    try:
        async with database.transaction(SYSTEM) as uow:
            return await check_invariants(uow)
    finally:
        await database.close()


def _check_rights(doomed: Marketplace, bought: list[str]) -> None:
    """Each order has one licence, one entry, one transfer; every fact reaches its handlers."""
    deadline = time.monotonic() + 60
    with psycopg.connect(doomed.owner_dsn, autocommit=True) as connection:

        def value(sql: str) -> int:
            found = connection.execute(sql).fetchone()
            assert found is not None
            return int(found[0])

        assert value("SELECT count(*) FROM commerce.orders") == len(bought)
        assert value("SELECT count(*) FROM licences.licences") == len(bought)
        for table in ("licence_id", "provenance_entry_id", "transfer_id"):
            assert value(f"SELECT count(DISTINCT {table}) FROM commerce.orders") == len(bought)
        waiting = (
            "SELECT (SELECT count(*) FROM infra.deliveries WHERE state <> 'done')"
            " + (SELECT count(*) FROM infra.events WHERE dispatched_at IS NULL)"
        )
        while value(waiting) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert value(waiting) == 0
        notices = "SELECT count(*) FROM insight.notices WHERE kind = 'order_paid'"
        assert value(notices) == len(bought)


def _check_files(doomed: Marketplace, seller: Souk, hashes: list[str], tmp_path: Path) -> None:
    """Everything that was acknowledged can be published, bought and read back."""
    listing = seller.listings.create(
        ListingRequest(
            kind="dataset",
            slug=f"bag-{secrets.token_hex(3)}",
            title="Bag",
            licence="CC0-1.0",
            price_minor=0,
        )
    )
    names = {f"{number}.bin": sha256 for number, sha256 in enumerate(hashes)}
    seller.listings.create_version(
        listing.id,
        version="1.0.0",
        files=[VersionFile(path=path, sha256=sha256) for path, sha256 in names.items()],
    )
    seller.listings.publish(listing.id)
    reader = sign_up(doomed.base_url)
    order = reader.orders.create(OrderRequest(listing_id=listing.id))
    folder = tmp_path / "read"
    reader.download(order.licence_id, folder)
    for path, sha256 in names.items():
        assert hashlib.sha256((folder / path).read_bytes()).hexdigest() == sha256
