"""The provenance log: durable appends, sequencing beside them, and proofs at a million entries."""

import asyncio
import contextlib
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import psycopg
import uvloop

from bench._harness import Line, Percentiles, Section, format_duration, percentiles
from souk.apps.application_role import app_dsn, app_password
from souk.apps.migrations.run import migrate
from souk.infra.keyring import Keyring
from souk.infra.outbox.store import write_events
from souk.infra.postgres.database import Database
from souk.infra.postgres.embedded import EmbeddedPostgres
from souk.infra.postgres.scope import PUBLIC, SYSTEM
from souk.infra.postgres.uow import json_value
from souk.kernel.clock import SystemClock
from souk.kernel.errors import Conflict
from souk.kernel.ids import new_id
from souk.rights.provenance.api import NewEntry
from souk.rights.provenance.service import ProvenanceService
from souk_client.proofs import (
    append,
    consistency_proof,
    inclusion_proof,
    leaf_hash_of,
    root_of_peaks,
    verify_checkpoint,
    verify_consistency,
    verify_inclusion,
)

CALLERS: Final = 64
CONNECTIONS: Final = 32
BATCH: Final = 500
SECRET: Final = secrets.token_hex(32)
HOW: Final = """
Entries of sales with both parties, on the embedded PostgreSQL with fsync and synchronous commits
on; the sequencer runs beside the appenders in a process of its own, as in the worker, so both
share the machine. A durable append is one whose transaction has committed. The million entries are
written through `append_many`; nothing is loaded behind the log's back.
"""


@dataclass(frozen=True, slots=True)
class Bench:
    """The log under test."""

    database: Database
    log: ProvenanceService
    listings: list[str]
    organisations: list[str]
    leaves: list[str]
    """For the plain peer: leaves as long as the log's."""

    def entry(self) -> NewEntry:
        """A sale as checkouts record it."""
        seller = random.choice(self.organisations)
        return NewEntry(
            kind="sold",
            listing_id=random.choice(self.listings),
            body={
                "actor_organisation_id": f"sha256:{secrets.token_hex(32)}",
                "counterparty_organisation_id": seller,
                "version": "1.0.0",
                "content_sha256": secrets.token_hex(32),
                "licence_id": new_id("lic", SystemClock().now()),
                "details": {"address": "ada/iris", "terms": "perpetual"},
            },
            organisation_ids=[seller, random.choice(self.organisations)],
        )

    async def append(self, entries: list[NewEntry]) -> list[str]:
        """One transaction."""
        async with self.database.transaction(SYSTEM) as uow:
            return list(await self.log.append_many(uow, entries))

    async def placed(self) -> int:
        """How many entries the newest signed head covers."""
        async with self.database.transaction(PUBLIC, read_only=True) as uow:
            return int(await uow.value("SELECT max(tree_size) FROM provenance.heads") or 0)

    async def when_placed(self, count: int) -> None:
        """Waits until a head covers this many entries."""
        placed = 0
        while placed < count:
            await asyncio.sleep(0.02)
            placed = await self.placed()


def run(*, quick: bool) -> Section:
    """Measures everything on one database that grows to a million entries."""
    return uvloop.run(_measure(total=20_000 if quick else 1_000_000, seconds=1 if quick else 8))


async def _measure(*, total: int, seconds: float) -> Section:
    async with _bench() as bench:
        with _sequencer(bench):
            singles = await _rate(seconds, CALLERS, lambda: _append_count(bench, 1))
            small = await _rate(seconds, 8, lambda: _append_count(bench, 50))
            delays = await _head_delays(bench, count=20 if seconds < 2 else 200)
            filled, caught_up_s = await _fill(bench, total)
        proofs = await _proof_times(bench, count=200 if seconds < 2 else 3_000)
        recomputed_s, grown_s = await _recompute(bench)
        plain_single = await _rate(seconds, CALLERS, lambda: _insert_plain(bench, 1))
        plain_batch = await _rate(seconds, 4, lambda: _insert_plain(bench, BATCH))
        size = await bench.placed()
    return Section(
        title="Provenance log",
        how=HOW,
        lines=[
            Line(
                what=f"durable appends in batches of {BATCH}, until the log holds {size:,}",
                measured=f"{filled:,.0f}/s",
                promised="≥ 5,000/s",
                reached=filled >= 5_000,
                beside=f"plain INSERT of the same leaves, no index, no sequencer: "
                f"{plain_batch:,.0f}/s (the limit)",
                bounded_by="processor time, shared with the sequencer and PostgreSQL",
            ),
            Line(
                what="durable appends in batches of 50, 8 callers",
                measured=f"{small:,.0f}/s",
                promised="≥ 5,000/s",
                reached=small >= 5_000,
                bounded_by="processor time, shared with the sequencer and PostgreSQL",
            ),
            Line(
                what=f"durable appends of one entry a transaction, {CALLERS} callers, one process",
                measured=f"{singles:,.0f}/s",
                beside=f"plain INSERT of one row a transaction: {plain_single:,.0f}/s (the limit)",
            ),
            Line(
                what="the sequencer, after the last append of the million",
                measured=f"{format_duration(caught_up_s)} behind",
                promised="keeps up: a head within 1 s",
                reached=caught_up_s <= 1.0,
                bounded_by="processor time, shared with the appenders",
            ),
            Line(
                what="from the commit of an append to a signed head over it, at 50 appends/s",
                measured=str(delays),
                promised="< 1 s",
                reached=delays.max < 1.0,
            ),
            Line(
                what=f"inclusion proof at {size:,} entries, one query",
                measured=str(proofs),
                promised="< 5 ms",
                reached=proofs.p99 < 0.005,
                beside=f"recomputed from all leaves: {format_duration(recomputed_s)}",
                bounded_by="other work on the machine",
            ),
            Line(
                what="consistency proof from half the log to all of it",
                measured=format_duration(grown_s),
            ),
        ],
    )


async def _rate(seconds: float, callers: int, work: Callable[[], Awaitable[int]]) -> float:
    """Entries a second of so many callers, each one call after another."""
    ends_at = time.perf_counter() + seconds
    done = 0

    async def caller() -> None:
        nonlocal done
        while time.perf_counter() < ends_at:
            count = await work()  # not `done += await …`, which loses what others added
            done += count

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return done / (time.perf_counter() - started)


async def _append_count(bench: Bench, count: int) -> int:
    return len(await bench.append([bench.entry() for _ in range(count)]))


async def _insert_plain(bench: Bench, count: int) -> int:
    """The same leaves into a table without index, hash or sequencer, sent in the same way."""
    leaves = json_value([random.choice(bench.leaves) for _ in range(count)])
    async with bench.database.transaction(SYSTEM) as uow:
        await uow.execute(
            "INSERT INTO public.plain SELECT jsonb_array_elements_text(%(leaves)s)", leaves=leaves
        )
    return count


async def _head_delays(bench: Bench, *, count: int) -> Percentiles:
    """How long appends wait for their head, while fifty come in each second."""

    async def one() -> float:
        (entry_id,) = await bench.append([bench.entry()])
        started = time.perf_counter()
        while True:
            async with bench.database.transaction(PUBLIC, read_only=True) as uow:
                try:
                    await bench.log.proof(uow, entry_id)
                except Conflict:
                    await asyncio.sleep(0.005)
                else:
                    return time.perf_counter() - started

    tasks = []
    for _ in range(count):
        tasks.append(asyncio.create_task(one()))
        await asyncio.sleep(0.02)
    return percentiles(await asyncio.gather(*tasks))


async def _fill(bench: Bench, total: int) -> tuple[float, float]:
    """Grows the log to `total`; appends a second, and how long the last waited for their head."""
    async with bench.database.transaction(PUBLIC, read_only=True) as uow:
        there = int(await uow.value("SELECT count(*) FROM provenance.entries"))
    batches = iter(range((total - there) // BATCH + 1))

    async def appender() -> None:
        for number in batches:
            await _append_count(bench, BATCH)
            if number % 400 == 0:
                click.echo(f"  {there + number * BATCH:,} of {total:,} entries", err=True)

    started = time.perf_counter()
    await asyncio.gather(*(appender() for _ in range(4)))
    ended = time.perf_counter()
    appended = ((total - there) // BATCH + 1) * BATCH
    await bench.when_placed(there + appended)
    return appended / (ended - started), time.perf_counter() - ended


async def _proof_times(bench: Bench, *, count: int) -> Percentiles:
    """Proofs of random entries, each in a transaction of its own; some are verified."""
    async with bench.database.transaction(PUBLIC, read_only=True) as uow:
        keys = await bench.log.published_keys(uow)
        ids = await uow.values(
            "SELECT entry_id FROM provenance.leaves WHERE leaf_index = ANY(%(wanted)s)",
            wanted=random.sample(range(await bench.placed()), count),
        )
    random.shuffle(ids)
    times = []
    for number, entry_id in enumerate(ids):
        started = time.perf_counter()
        async with bench.database.transaction(PUBLIC, read_only=True) as uow:
            proof = await bench.log.proof(uow, entry_id)
        times.append(time.perf_counter() - started)
        if number % 20 == 0:
            head = verify_checkpoint(proof.head.checkpoint, keys)
            verify_inclusion(
                leaf_hash_of(proof.entry.body),
                leaf_index=proof.leaf_index,
                tree_size=head.tree_size,
                proof=[bytes.fromhex(digest) for digest in proof.path],
                root=head.root,
            )
    return percentiles(times)


async def _recompute(bench: Bench) -> tuple[float, float]:
    """A proof made from all leaves as a peer without stored nodes does; a consistency proof."""
    started = time.perf_counter()
    async with bench.database.transaction(PUBLIC, read_only=True) as uow:
        hashes = await uow.values("SELECT hash FROM provenance.leaves ORDER BY leaf_index")
    nodes = dict(append(0, (), hashes).nodes)
    inclusion_proof(nodes.__getitem__, len(hashes) // 3, len(hashes))
    recomputed_s = time.perf_counter() - started
    half = len(hashes) // 2
    started = time.perf_counter()
    async with bench.database.transaction(PUBLIC, read_only=True) as uow:
        grown = await bench.log.consistency(uow, half)
    grown_s = time.perf_counter() - started
    assert [digest.hex() for digest in consistency_proof(nodes.__getitem__, half, len(hashes))] == (
        grown.path
    )
    verify_consistency(
        first_size=half,
        first_root=root_of_peaks(append(0, (), hashes[:half]).peaks),
        second_size=len(hashes),
        second_root=bytes.fromhex(grown.head.root_hash),
        proof=[bytes.fromhex(digest) for digest in grown.path],
    )
    return recomputed_s, grown_s


@contextlib.asynccontextmanager
async def _bench() -> AsyncIterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="souk-bench-") as folder:
        server = EmbeddedPostgres(Path(folder))
        try:
            owner_dsn = server.start()
            await asyncio.to_thread(migrate, owner_dsn, app_password=app_password(SECRET))
            database = Database(
                app_dsn(owner_dsn, SECRET),
                pool_size=CONNECTIONS,
                clock=SystemClock(),
                write_events=write_events,
            )
            await database.open()
            try:
                yield await _prepared(database, owner_dsn)
            finally:
                await database.close()
        finally:
            server.stop()


async def _prepared(database: Database, owner_dsn: str) -> Bench:
    with psycopg.connect(owner_dsn) as owner:
        owner.execute("CREATE TABLE public.plain (leaf text NOT NULL)")
        owner.execute("GRANT INSERT ON public.plain TO souk_app")
        durable = owner.execute(
            "SELECT current_setting('fsync'), current_setting('synchronous_commit')"
        ).fetchone()
    assert durable == ("on", "on")
    keyring = Keyring(database, secret=SECRET)
    await keyring.load()
    now = SystemClock().now()
    bench = Bench(
        database=database,
        log=ProvenanceService(keyring=keyring, origin="bench.example"),
        listings=[new_id("lst", now) for _ in range(5_000)],
        organisations=[new_id("org", now) for _ in range(1_000)],
        leaves=[],
    )
    # Opens every connection, so that nothing measured pays for that.
    await asyncio.gather(*(_append_count(bench, 20) for _ in range(CALLERS)))
    async with database.transaction(PUBLIC, read_only=True) as uow:
        bench.leaves.extend(await uow.values("SELECT leaf FROM provenance.entries"))
    return bench


@contextlib.contextmanager
def _sequencer(bench: Bench) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench._sequencer", bench.database.dsn],
        env=os.environ | {"SOUK_SECRET": SECRET},
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()
