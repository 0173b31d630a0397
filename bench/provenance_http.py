"""The provenance log over HTTP: events a second for a minute, until they are final on a chain."""

import asyncio
import json
import secrets
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from bench._harness import (
    Line,
    Percentiles,
    Request,
    Section,
    Target,
    bearer,
    bench_marketplace,
    format_duration,
    percentiles,
    signed_up,
)
from bench._http import Connection
from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.works import ListingRequest, VersionFile
from souk_client.proofs import LicenceFacts, read_bundle, read_jwks, read_licence, verify_bundle
from souk_client.sdk import Souk, SoukApiError

RATE_GOAL: Final = 1_000
FINAL_GOAL_S: Final = 3.0
VERIFY_GOAL_S: Final = 0.050
BATCH: Final = 100
CONNECTIONS: Final = 8
SETTINGS: Final = {"SOUK_PROVENANCE_EVENTS_PER_DAY": "1000000000"}
HOW: Final = f"""
`POST /api/v1/provenance/events` on a marketplace as `souk up` starts it, its edge nodes off (one
process of HTTP, the worker, the embedded PostgreSQL with fsync on, a local chain with blocks of a
second), with the load generator on the same machine. Requests are batched: {BATCH} events each,
each request one durable transaction with its note for repeats. *Offered* is an open loop: a request
is due every {BATCH / RATE_GOAL:g} s whether or not the one before was answered. From the answer of
each request the time runs until the first head with its last event is final on the chain, as the
marketplace itself notes it. A proof that is verified offline is a whole evidence bundle: keys, two
signatures, inclusion in the head and in the anchored one, entry, licence, file.
"""


@dataclass(frozen=True, slots=True)
class Told:
    """A request that was answered."""

    answered_at: datetime
    took_s: float
    last_entry: str


def run(*, quick: bool) -> Section:
    """Offers a steady rate, then what the machine gives, then verifies offline."""
    seconds = 3.0 if quick else 60.0
    with bench_marketplace(environment=SETTINGS) as (market, target):
        seller = signed_up(market, "teller")
        listing_id = _listing(seller)
        _when_anchored(seller, listing_id)
        told, elapsed_s = asyncio.run(_offer(seller, target, listing_id, seconds))
        click.echo(f"offered: {len(told) * BATCH / elapsed_s:,.0f} events/s", err=True)
        final = asyncio.run(_until_final(target, told[:: 1 if quick else 3]))
        most = asyncio.run(_closed(seller, target, listing_id, seconds / 4))
        buyer = signed_up(market, "buyer")
        verified = _verify_times(buyer, listing_id, count=20 if quick else 200)
    rate = len(told) * BATCH / elapsed_s
    answers = percentiles([one.took_s for one in told])
    return Section(
        title="Provenance over HTTP, to finality",
        how=HOW,
        lines=[
            Line(
                what=f"events in batches of {BATCH}, offered {RATE_GOAL:,}/s for {seconds:.0f} s",
                measured=f"{rate:,.0f} events/s; answers {answers}",
                promised=f"≥ {RATE_GOAL:,}/s",
                reached=rate >= RATE_GOAL * 0.99,
                beside=f"closed loop, {CONNECTIONS} connections: {most:,.0f} events/s",
                bounded_by="processor time, shared with the load generator and the chain",
            ),
            Line(
                what="from the answer to a head with the event that is final on the local chain",
                measured=str(final),
                promised=f"p99 < {format_duration(FINAL_GOAL_S)}",
                reached=final.p99 < FINAL_GOAL_S,
                bounded_by="the chain's blocks of a second: one for the anchor before, one for its "
                "own",
            ),
            Line(
                what="a proof verified offline (evidence bundle, in this process)",
                measured=str(verified),
                promised=f"< {format_duration(VERIFY_GOAL_S)}",
                reached=verified.p99 < VERIFY_GOAL_S,
                bounded_by="other work on the machine",
            ),
        ],
    )


def _listing(seller: Souk) -> str:
    listing = seller.listings.create(
        ListingRequest(kind="dataset", slug="told", title="Told", licence="CC0-1.0", price_minor=0)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "data.txt")
        path.write_bytes(b"one file")
        artifact = seller.upload_file(path)
    files = [VersionFile(path="data.txt", sha256=artifact.sha256)]
    seller.listings.create_version(listing.id, version="1.0.0", files=files)
    return seller.listings.publish(listing.id).id


def _when_anchored(seller: Souk, listing_id: str) -> None:
    """Waits until the chain has the contract and the first head.

    Raises:
        RuntimeError: there is no chain.
    """
    ends_at = time.monotonic() + 120
    while time.monotonic() < ends_at:
        for entry in seller.provenance.log(listing_id=listing_id).items:
            try:
                if seller.provenance.proof(entry.id).anchored is not None:
                    return
            except SoukApiError:
                continue
        time.sleep(0.5)
    raise RuntimeError("nothing is anchored: the local chain does not run")


def _request(headers: dict[str, str], listing_id: str) -> Request:
    mark = secrets.token_hex(8)
    events = [
        {
            "listing_id": listing_id,
            "event": "training.step",
            "details": {"step": str(number), "run": mark},
        }
        for number in range(BATCH)
    ]
    return Request(
        path="/api/v1/provenance/events",
        method="POST",
        headers={**headers, "Idempotency-Key": mark},
        body=json.dumps({"events": events}).encode(),
    )


async def _tell(connection: Connection, request: Request) -> Told:
    started = time.perf_counter()
    answer = await connection.send(request)
    if answer.status != 201:
        raise RuntimeError(f"{answer.status}: {answer.body[:300]!r}")
    took_s = time.perf_counter() - started
    ids = json.loads(answer.body)["entry_ids"]
    return Told(answered_at=datetime.now(UTC), took_s=took_s, last_entry=ids[-1])


async def _offer(
    seller: Souk, target: Target, listing_id: str, seconds: float
) -> tuple[list[Told], float]:
    """Sends a request whenever one is due; what was answered, and how long it took in all."""
    headers = bearer(seller)
    free = asyncio.Queue[Connection]()
    for _ in range(CONNECTIONS * 4):
        free.put_nowait(Connection(target))

    async def one(request: Request) -> Told:
        connection = await free.get()
        try:
            return await _tell(connection, request)
        finally:
            free.put_nowait(connection)

    started = time.perf_counter()
    tasks = []
    for number in range(round(seconds * RATE_GOAL / BATCH)):
        due = started + number * BATCH / RATE_GOAL
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(_request(headers, listing_id))))
    told = await asyncio.gather(*tasks)
    return told, max(seconds, time.perf_counter() - started)


async def _closed(seller: Souk, target: Target, listing_id: str, seconds: float) -> float:
    """Events a second with each connection sending one request after another."""
    headers = bearer(seller)
    ends_at = time.perf_counter() + seconds
    counts = []

    async def caller() -> None:
        connection = Connection(target)
        while time.perf_counter() < ends_at:
            await _tell(connection, _request(headers, listing_id))
            counts.append(BATCH)
        connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CONNECTIONS)))
    return sum(counts) / (time.perf_counter() - started)


async def _until_final(target: Target, told: list[Told]) -> Percentiles:
    """From each answer until the first final head with its last event."""
    connection = Connection(target)
    times = []
    for one in told:
        path = f"/api/v1/provenance/entries/{one.last_entry}/proof"
        while True:
            answer = await connection.send(Request(path=path))
            anchored = json.loads(answer.body).get("anchored") if answer.status == 200 else None
            if anchored is not None:
                break
            await asyncio.sleep(0.2)
        final_at = datetime.fromisoformat(anchored["anchor"]["final_at"])
        times.append((final_at - one.answered_at).total_seconds())
    connection.close()
    return percentiles(times)


def _verify_times(buyer: Souk, listing_id: str, *, count: int) -> Percentiles:
    licence_id = buyer.orders.create(OrderRequest(listing_id=listing_id)).licence_id
    keys = read_jwks(buyer.provenance.keys())
    while "anchor" not in json.loads(data := buyer.licences.evidence(licence_id)):
        time.sleep(0.2)
    facts: LicenceFacts = read_licence(read_bundle(data).licence)[0]
    hashes = {file.path: file.sha256 for file in facts.files}
    times = []
    for _ in range(count):
        started = time.perf_counter()
        outcome = verify_bundle(data, file_hashes=hashes, trusted=keys, now=datetime.now(UTC))
        times.append(time.perf_counter() - started)
        assert outcome.ok, outcome.checks
    return percentiles(times)
