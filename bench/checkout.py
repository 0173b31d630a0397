"""Checkout over HTTP: orders a second at saturation, latency at a steady rate, every rule after."""

import asyncio
import json
import secrets
import tempfile
from pathlib import Path
from typing import Final

import click
import psycopg

from bench._harness import (
    Line,
    LoadResult,
    Request,
    RequestMaker,
    Section,
    Target,
    bearer,
    bench_marketplace,
    closed_loop,
    describe,
    format_duration,
    open_loop,
    signed_up,
)
from souk.apps.books import check_books
from souk.infra.postgres.embedded import running_dsn
from souk.infra.settings import load_settings
from souk_client.contracts.works import LicenceTerms, ListingRequest, OfferRequest, VersionFile
from souk_client.sdk import Souk

SELLERS: Final = 10
BUYERS: Final = 40
PRICE_MINOR: Final = 1999
ORDERS_GOAL: Final = 200
STEADY_RATE: Final = 50.0
P99_GOAL_S: Final = 0.100
HOW: Final = f"""
`POST /api/v1/orders` on a marketplace as `souk up` starts it, its edge nodes off, with the load
generator on the same machine: {BUYERS} buyers, {SELLERS} sellers, a price of $19.99. Each order is
one durable transaction: order, exact split, licence, provenance entry, events, idempotency note.
Beside it a POST that only commits one row through the same edge (`/notices/read`, with an
Idempotency-Key), which is the floor of what any order could cost. Orders go to the sellers in turn;
*one seller* is the worst case, where every order waits for the same wallet.
"""


def run(*, quick: bool) -> Section:
    """Measures saturation and a steady rate, then checks the books."""
    seconds = 2.0 if quick else 15.0
    with bench_marketplace() as (market, target):
        listings = [_listing(signed_up(market, f"seller-{n}")) for n in range(SELLERS)]
        buyers = [_buyer(signed_up(market, f"buyer-{n}")) for n in range(BUYERS)]
        floor = asyncio.run(_closed(target, _touch(buyers), seconds / 3))
        click.echo(f"floor: {describe(floor)}", err=True)
        full = asyncio.run(_closed(target, _order(buyers, listings), seconds))
        click.echo(f"saturated: {describe(full)}", err=True)
        rush = asyncio.run(_closed(target, _order(buyers, listings[:1]), seconds))
        click.echo(f"one seller: {describe(rush)}", err=True)
        steady = asyncio.run(
            open_loop(
                target,
                _order(buyers, listings),
                rate_per_s=STEADY_RATE,
                duration_s=seconds,
                connections=32,
            )
        )
        click.echo(f"steady: {describe(steady)}", err=True)
        wrong = _wrong(market.data_dir)
    return Section(
        title="Checkout",
        how=HOW,
        lines=[
            Line(
                what="orders a second at saturation, 16 connections",
                measured=f"{full.answered_per_s:,.0f}/s, p50 {format_duration(full.latency.p50)}",
                promised=f"≥ {ORDERS_GOAL}/s",
                reached=full.answered_per_s >= ORDERS_GOAL and not full.failures,
                beside=f"a commit of one row: {floor.answered_per_s:,.0f}/s",
                bounded_by="the processor: an order costs about 4 ms of it in the HTTP "
                "processes, 4 ms in PostgreSQL and 1 ms in the worker, where notices, search, "
                "analytics, recommendations and live numbers follow it",
            ),
            Line(
                what="the same, all from one seller",
                measured=f"{rush.answered_per_s:,.0f}/s, p50 {format_duration(rush.latency.p50)}",
                beside="each order waits for the seller's wallet, which is locked from the "
                "posting to the end of the commit",
            ),
            Line(
                what=f"p99 at an open-loop {STEADY_RATE:.0f} orders a second",
                measured=str(steady),
                promised=f"< {format_duration(P99_GOAL_S)}",
                reached=steady.latency.p99 < P99_GOAL_S and not steady.failures,
                beside=f"the generator's own lag p99 {format_duration(steady.lag.p99)}",
                bounded_by="the cores are shared with the generator, worker and sequencer",
            ),
            Line(
                what="rules broken after all orders",
                measured="; ".join(wrong) or "none",
                promised="none",
                reached=not wrong,
            ),
        ],
    )


async def _closed(target: Target, make: RequestMaker, seconds: float) -> LoadResult:
    return await closed_loop(target, make, connections=16, duration_s=seconds)


def _order(buyers: list[dict[str, str]], listings: list[str]) -> RequestMaker:
    bodies = [json.dumps({"listing_id": listing}).encode() for listing in listings]

    def make(number: int) -> Request:
        return Request(
            "/api/v1/orders",
            method="POST",
            headers=buyers[number % len(buyers)] | {"Idempotency-Key": secrets.token_hex(16)},
            body=bodies[(number + number // len(buyers)) % len(bodies)],
        )

    return make


def _touch(buyers: list[dict[str, str]]) -> RequestMaker:
    def make(number: int) -> Request:
        return Request(
            "/api/v1/notices/read",
            method="POST",
            headers=buyers[number % len(buyers)] | {"Idempotency-Key": secrets.token_hex(16)},
        )

    return make


def _listing(seller: Souk) -> str:
    """A published work that can be bought again and again."""
    with seller, tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "data.txt")
        path.write_bytes(secrets.token_hex(64).encode())
        artifact = seller.upload_file(path)
        offer = OfferRequest(price_minor=PRICE_MINOR, terms=LicenceTerms(kind="counted", uses=1000))
        listing = seller.listings.create(
            ListingRequest(kind="dataset", slug="work", title="Work", licence="MIT", offers=[offer])
        )
        files = [VersionFile(path="data.txt", sha256=artifact.sha256)]
        seller.listings.create_version(listing.id, version="1.0.0", files=files)
        seller.listings.publish(listing.id)
        return listing.id


def _buyer(buyer: Souk) -> dict[str, str]:
    with buyer:
        buyer.wallet.deposit(amount_minor=10**12, currency="USD")
        return bearer(buyer)


def _wrong(data_dir: Path) -> list[str]:
    """What the orders' own rules find wrong, and the ledger's sums."""
    dsn = running_dsn(data_dir)
    assert dsn is not None
    checks = {
        "an order without its licence": """
            SELECT count(*) FROM commerce.orders o
            LEFT JOIN licences.licences l ON l.id = o.licence_id WHERE l.id IS NULL""",
        "shares that do not sum to the price": """
            SELECT count(*) FROM commerce.orders o WHERE o.price_minor <>
            (SELECT sum(amount_minor) FROM commerce.order_shares s WHERE s.order_id = o.id)""",
        "two orders with one transfer": """
            SELECT count(*) - count(DISTINCT transfer_id) FROM commerce.orders""",
        "an order without its entry in the provenance log": """
            SELECT count(*) FROM commerce.orders o
            LEFT JOIN provenance.entries e ON e.id = o.provenance_entry_id WHERE e.id IS NULL""",
        "sales counted otherwise than sold": """
            SELECT abs(
                (SELECT sum(sales) FROM works.counts) - (SELECT count(*) FROM commerce.orders)
            )""",
    }
    with psycopg.connect(dsn) as connection:
        found = {name: connection.execute(sql).fetchone() for name, sql in checks.items()}
    wrong = [f"{row[0]} × {name}" for name, row in found.items() if row and row[0]]
    books = check_books(load_settings({"SOUK_DATABASE_URL": dsn}))
    return wrong + [finding.detail for finding in books if not finding.holds]
