"""kill -9 in the middle of hundreds of purchases and uploads: nothing acknowledged is lost, and
nothing is done twice. The victims are the HTTP process, the worker and PostgreSQL itself."""

import os
import random
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from souk.apps.migrations.run import migrate
from souk.infra.postgres.embedded import EmbeddedPostgres
from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.works import LicenceTerms, OfferRequest
from souk_client.sdk import RetryPolicy, Souk
from tests.conftest import APP_PASSWORD
from tests.faults.aftermath import Sold, check_files, check_money, check_rights
from tests.market import connect, funded, publish, sign_up
from tests.serving import Marketplace

SEED = int(os.environ.get("SOUK_FAULT_SEED", "20261121"))
ORDERS = 200
UPLOADS = 16
BUYERS = 8
LISTINGS = 3
KILLS = 4
PRICE_MINOR = 137
PATIENCE_S = 90.0

pytestmark = [pytest.mark.slow, pytest.mark.database, pytest.mark.timeout(300)]


@pytest.fixture
def server() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of this test alone, as careful as an operator's: it is to be killed."""
    folder = Path(tempfile.mkdtemp(prefix="souk-kills-"))
    running = EmbeddedPostgres(folder)
    try:
        running.start()
        migrate(running.dsn(), app_password=APP_PASSWORD)
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def doomed(server: EmbeddedPostgres, tmp_path: Path) -> Iterator[Marketplace]:
    """A marketplace of this test alone, to be killed."""
    running = Marketplace(server.dsn(), tmp_path, SOUK_ARTIFACTS_PART_SIZE_BYTES=str(2**20))
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


class Purchase(msgspec.Struct, frozen=True):
    """Who buys what: drawn before anything starts, so that a seed says it all."""

    key: str
    buyer: int
    listing: int


class Kill(msgspec.Struct, frozen=True):
    """Whom to kill, and once how many orders are acknowledged."""

    victim: str
    after: int
    down_s: float


class Plan(msgspec.Struct, frozen=True):
    """All that chance decides."""

    purchases: list[Purchase]
    contents: list[bytes]
    kills: list[Kill]


def draw(dice: random.Random) -> Plan:
    """Every kind of victim dies at least once, in the first three quarters of the sales."""
    kinds = ["api", "worker", "postgres"]
    victims = kinds + dice.choices(kinds, k=KILLS - len(kinds))
    dice.shuffle(victims)
    moments = sorted(dice.sample(range(10, ORDERS * 3 // 4), KILLS))
    return Plan(
        purchases=[
            Purchase(f"order-{number}", dice.randrange(BUYERS), dice.randrange(LISTINGS))
            for number in range(ORDERS)
        ],
        contents=[dice.randbytes(dice.randint(1, 3_500_000)) for _ in range(UPLOADS)],
        kills=[
            Kill(victim, after, dice.uniform(0.0, 0.3))
            for victim, after in zip(victims, moments, strict=True)
        ],
    )


class Progress:
    """How many orders were begun and acknowledged."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.begun = 0
        self.acknowledged = 0

    def begin(self) -> None:
        with self._changed:
            self.begun += 1

    def acknowledge(self) -> None:
        with self._changed:
            self.acknowledged += 1
            self._changed.notify_all()

    def until(self, acknowledged: int) -> tuple[int, int]:
        """Waits; then how many orders are acknowledged, and how many are on their way."""
        with self._changed:
            there = self._changed.wait_for(lambda: self.acknowledged >= acknowledged, PATIENCE_S)
            assert there, f"only {self.acknowledged} of {acknowledged} orders after {PATIENCE_S} s"
            return self.acknowledged, self.begun - self.acknowledged


def kill_postgres(server: EmbeddedPostgres) -> None:
    """kill -9 of the postmaster; its children find out and end."""
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    server.stop()  # reaps it and lets go of the folder


def strike(doomed: Marketplace, server: EmbeddedPostgres, kill: Kill) -> None:
    """Kills one of them and starts it again. Called by the thread that outlives the server."""
    if kill.victim == "postgres":
        address = server.dsn()
        kill_postgres(server)
        time.sleep(kill.down_s)
        assert server.start() == address
        doomed.await_ready()
    else:
        doomed.kill(kill.victim)
        time.sleep(kill.down_s)
        doomed.start(kill.victim)


def test_purchases_and_uploads_survive_kill_9(
    doomed: Marketplace, server: EmbeddedPostgres, tmp_path: Path
) -> None:
    plan = draw(random.Random(SEED))
    seller = sign_up(doomed.base_url)
    terms = LicenceTerms(kind="counted", uses=1)
    listings = [
        publish(seller, offers=[OfferRequest(price_minor=PRICE_MINOR, terms=terms)])
        for _ in range(LISTINGS)
    ]
    buyers = [patient(funded(doomed.base_url, ORDERS * PRICE_MINOR)) for _ in range(BUYERS)]
    steady_seller = patient(seller)
    progress = Progress()

    def buy(purchase: Purchase) -> str:
        progress.begin()
        request = OrderRequest(listing_id=listings[purchase.listing].id)
        order = buyers[purchase.buyer].orders.create(request, idempotency_key=purchase.key)
        progress.acknowledge()
        return order.id

    def send(number: int) -> str:
        path = tmp_path / f"file-{number}.bin"
        path.write_bytes(plan.contents[number])
        return steady_seller.upload_file(path, parallel=2).sha256

    with ThreadPoolExecutor(12) as shoppers, ThreadPoolExecutor(4) as senders:
        sending = senders.map(send, range(UPLOADS))
        buying = shoppers.map(buy, plan.purchases)
        at_kills = []
        for kill in plan.kills:
            at_kills.append(progress.until(kill.after))
            strike(doomed, server, kill)
        bought = list(buying)
        sent = list(sending)

    assert {kill.victim for kill in plan.kills} == {"api", "worker", "postgres"}
    for acknowledged, flying in at_kills:  # each one hit a shop full of customers
        assert 0 < acknowledged < ORDERS
        assert flying > 0
    assert progress.acknowledged == ORDERS
    sold = [
        Sold(order_id, purchase.buyer, listings[purchase.listing].id, PRICE_MINOR)
        for order_id, purchase in zip(bought, plan.purchases, strict=True)
    ]
    check_money(doomed, buyers, sold, funds=ORDERS * PRICE_MINOR)
    check_rights(doomed, sold, listings=LISTINGS)
    check_files(doomed, seller, sent, plan.contents, tmp_path)
