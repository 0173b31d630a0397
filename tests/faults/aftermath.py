"""What has to hold after processes were killed in the middle of their work."""

import asyncio
import hashlib
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import psycopg
from psycopg.conninfo import make_conninfo

from souk.apps.application_role import app_password
from souk.infra.outbox.store import write_events
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.clock import SystemClock
from souk.treasury.ledger.invariants import check_invariants
from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.works import ListingRequest, VersionFile
from souk_client.sdk import Souk
from tests.market import available, sign_up
from tests.rights.provenance.whole_log import check_whole_log
from tests.serving import SECRET, Marketplace

QUIET_LIMIT_S = 60.0


class Sold(msgspec.Struct, frozen=True):
    """An order that a buyer was told about."""

    order_id: str
    buyer: int
    listing_id: str
    price_minor: int


def check_money(
    doomed: Marketplace, buyers: Sequence[Souk], sold: Sequence[Sold], *, funds: int
) -> None:
    """Every buyer paid for just what they bought, and the books hold."""
    paid: Counter[int] = Counter()
    for order in sold:
        paid[order.buyer] += order.price_minor
    for number, buyer in enumerate(buyers):
        assert available(buyer) == funds - paid[number]
    assert asyncio.run(wrong_books(doomed.owner_dsn)) == []
    with psycopg.connect(doomed.owner_dsn) as owner:
        uneven = owner.execute(
            """
            SELECT o.id FROM commerce.orders o
            LEFT JOIN commerce.order_shares s ON s.order_id = o.id
            GROUP BY o.id, o.price_minor
            HAVING coalesce(sum(s.amount_minor), 0) <> o.price_minor
                OR coalesce(sum(s.basis_points), 0) <> 10000
            """
        ).fetchall()
        # The sale's transfer moved the price, once.
        unpaid = owner.execute(
            """
            SELECT o.id FROM commerce.orders o
            LEFT JOIN ledger.transfers t ON t.id = o.transfer_id AND t.kind = 'sale'
            LEFT JOIN ledger.postings p ON p.transfer_number = t.number AND p.amount_minor < 0
            GROUP BY o.id, o.price_minor
            HAVING count(p.amount_minor) <> 1 OR sum(p.amount_minor) <> -o.price_minor
            """
        ).fetchall()
        sales = owner.execute("SELECT count(*) FROM ledger.transfers WHERE kind = 'sale'")
        assert sales.fetchone() == (len(sold),)
    assert uneven == []
    assert unpaid == []


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


def check_rights(doomed: Marketplace, sold: Sequence[Sold], *, listings: int) -> None:
    """Each order has one licence, one entry, one transfer; every fact reaches its handlers."""
    assert len({order.order_id for order in sold}) == len(sold)
    with psycopg.connect(doomed.owner_dsn, autocommit=True) as connection:

        def value(sql: str) -> int:
            found = connection.execute(sql).fetchone()
            assert found is not None
            return int(found[0])

        orders = connection.execute("SELECT id, listing_id FROM commerce.orders").fetchall()
        assert dict(orders) == {order.order_id: order.listing_id for order in sold}
        assert value("SELECT count(*) FROM licences.licences") == len(sold)
        for column in ("licence_id", "provenance_entry_id", "transfer_id"):
            assert value(f"SELECT count(DISTINCT {column}) FROM commerce.orders") == len(sold)
        counted = connection.execute(
            "SELECT listing_id, sum(sales)::int FROM works.counts "
            "GROUP BY listing_id HAVING sum(sales) > 0"
        ).fetchall()
        assert dict(counted) == Counter(order.listing_id for order in sold)
        waiting = (
            "SELECT (SELECT count(*) FROM infra.deliveries WHERE state <> 'done')"
            " + (SELECT count(*) FROM infra.events WHERE dispatched_at IS NULL)"
            " + (SELECT count(*) FROM provenance.waiting)"
        )
        deadline = time.monotonic() + QUIET_LIMIT_S
        while value(waiting) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert value(waiting) == 0
        notices = "SELECT count(*) FROM insight.notices WHERE kind = 'order_paid'"
        assert value(notices) == len(sold)
    assert check_whole_log(doomed.owner_dsn) >= len(sold) + listings


def check_files(
    doomed: Marketplace,
    seller: Souk,
    hashes: Sequence[str],
    contents: Sequence[bytes],
    tmp_path: Path,
) -> None:
    """Everything that was acknowledged is whole, and can be published, bought and read back.

    A safety scan that lost the database in the middle goes on when the worker starts again.
    """
    doomed.kill("worker")
    doomed.start("worker")
    assert hashes == [hashlib.sha256(content).hexdigest() for content in contents]
    _check_blobs(doomed, hashes)
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
    _await_scans(doomed)
    seller.listings.publish(listing.id)
    reader = sign_up(doomed.base_url)
    order = reader.orders.create(OrderRequest(listing_id=listing.id))
    folder = tmp_path / "read"
    reader.download(order.licence_id, folder)
    for path, sha256 in names.items():
        assert hashlib.sha256((folder / path).read_bytes()).hexdigest() == sha256


def _await_scans(doomed: Marketplace) -> None:
    """Every artifact comes to a finding."""
    deadline = time.monotonic() + QUIET_LIMIT_S
    pending = "SELECT sha256 FROM works.artifacts WHERE scan_state = 'pending'"
    states = "SELECT status, error FROM dbos.workflow_status WHERE status <> 'SUCCESS'"
    with psycopg.connect(doomed.owner_dsn, autocommit=True) as owner:
        while left := owner.execute(pending).fetchall():
            assert time.monotonic() < deadline, (left, owner.execute(states).fetchall())
            time.sleep(0.2)


def _check_blobs(doomed: Marketplace, hashes: Sequence[str]) -> None:
    """No upload says that it is complete, and no artifact is known, whose bytes are not all there.

    An upload that its client never finished may stay open: it was not acknowledged.
    """
    with psycopg.connect(doomed.owner_dsn) as owner:
        artifacts = owner.execute("SELECT sha256, size_bytes FROM works.artifacts").fetchall()
        complete = owner.execute(
            "SELECT sha256, size_bytes FROM works.uploads WHERE state = 'complete'"
        ).fetchall()
        held = owner.execute("SELECT DISTINCT sha256 FROM works.holders").fetchall()
    assert set(complete) <= set(artifacts)
    assert set(hashes) <= {sha256 for sha256, _ in complete}
    assert {sha256 for sha256, _ in artifacts} == {sha256 for (sha256,) in held}
    for sha256, size_bytes in artifacts:
        (blob,) = (doomed.data_dir / "blobs").rglob(sha256)
        content = blob.read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (size_bytes, sha256)
