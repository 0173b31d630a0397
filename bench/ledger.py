"""The ledger: durable transfers of four postings each, by one and by many, and all rules after."""

import asyncio
import gc
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click
import psycopg
import uvloop
from psycopg.conninfo import make_conninfo

from bench._cpu import CpuTimes
from bench._harness import Section
from bench._ledger_peers import bare_rate, function_rate, make_bare
from bench._ledger_report import CALLERS, ROUNDS, WALLETS, Found, report
from souk.apps.migrations.run import migrate
from souk.infra.outbox.store import write_events
from souk.infra.postgres.database import Database
from souk.infra.postgres.embedded import EmbeddedPostgres
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.clock import SystemClock
from souk.treasury.ledger.api import AccountRef, Posting, Transfer, external, platform, wallet
from souk.treasury.ledger.service import LedgerService
from souk.treasury.ledger.settings import LedgerSettings
from souk.treasury.ledger.store import open_accounts

BULK_CALL: Final = 20_000


@dataclass(slots=True)
class Bench:
    """The ledger under test and what was acknowledged."""

    database: Database
    ledger: LedgerService
    owner_dsn: str
    app_dsn: str
    server_pid: int
    wallets: list[str]
    account_ids: dict[AccountRef, int]
    acknowledged: int = 0
    latencies_s: list[float] = field(default_factory=list)
    made: int = 0

    def sale(self) -> Transfer:
        """One sale between two random wallets."""
        self.made += 1
        buyer, seller = random.sample(self.wallets, 2)
        return Transfer(
            kind="sale",
            idempotency_key=f"sale:{self.made}",
            postings=(
                Posting(wallet(buyer, "USD"), -1000),
                Posting(wallet(seller, "USD"), 850),
                Posting(platform("revenue", "USD"), 100),
                Posting(platform("compliance", "USD"), 50),
            ),
            reference="ord_01m7yxxb1aefa9bt3myqjakfcb",
            note="Iris classifier",
        )


def run(*, quick: bool) -> Section:
    """Measures every way in rounds, then checks the books."""
    return uvloop.run(_measure(seconds=0.5 if quick else 5.0))


async def _measure(*, seconds: float) -> Section:
    async with _bench() as bench:
        ways: dict[str, Callable[[], Awaitable[float]]] = {
            "submit, 64 callers": lambda: _submit(bench, seconds),
            "submit_many": lambda: _submit_many(bench, seconds),
            "post, one at a time": lambda: _post(bench, seconds, callers=1),
            "post, 64 callers on 12 connections": lambda: _post(bench, seconds, callers=CALLERS),
            "ready-made batches of 64": lambda: _function(bench, seconds, batch=64),
            "ready-made batches of 1,000": lambda: _function(bench, seconds, batch=1_000),
            "bare SQL, batches of 64": lambda: _bare(bench, seconds, batch=64),
            "bare SQL, batches of 1,000": lambda: _bare(bench, seconds, batch=1_000),
        }
        found = {name: Found() for name in ways}
        for number in range(ROUNDS):
            for name, measure in ways.items():
                rate, used = await _with_cpu(bench, measure)
                found[name].add(rate, used)
                click.echo(f"round {number + 1}: {name}: {rate:,.0f}/s", err=True)
        problems = await _problems(bench)
    return report(
        found,
        latencies_s=bench.latencies_s,
        acknowledged=bench.acknowledged,
        problems=problems,
    )


async def _with_cpu(
    bench: Bench, measure: Callable[[], Awaitable[float]]
) -> tuple[float, CpuTimes]:
    before = CpuTimes.now(bench.server_pid)
    rate = await measure()
    return rate, CpuTimes.now(bench.server_pid).since(before)


async def _submit(bench: Bench, seconds: float) -> float:
    """Each caller hands in one transfer and waits for it, over and over."""
    until = time.perf_counter() + seconds
    before = len(bench.latencies_s)

    async def caller() -> None:
        while (started := time.perf_counter()) < until:
            await bench.ledger.submit(bench.sale())
            bench.latencies_s.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    count = len(bench.latencies_s) - before
    bench.acknowledged += count
    return count / (time.perf_counter() - started)


async def _submit_many(bench: Bench, seconds: float) -> float:
    """Calls with many transfers each; making them ready for the call is not measured."""
    spent = 0.0
    count = 0
    while spent < seconds:
        sales = [bench.sale() for _ in range(BULK_CALL if seconds > 1 else 2_000)]
        gc.collect()
        gc.freeze()
        started = time.perf_counter()
        outcomes = await bench.ledger.submit_many(sales)
        spent += time.perf_counter() - started
        gc.unfreeze()
        count += sum(isinstance(outcome, str) for outcome in outcomes)
    bench.acknowledged += count
    return count / spent


async def _post(bench: Bench, seconds: float, *, callers: int) -> float:
    """The first door: a transaction for each transfer."""
    until = time.perf_counter() + seconds
    count = 0

    async def caller() -> None:
        nonlocal count
        while time.perf_counter() < until:
            sale = bench.sale()
            async with bench.database.transaction(SYSTEM) as uow:
                await bench.ledger.post(
                    uow,
                    kind=sale.kind,
                    idempotency_key=sale.idempotency_key,
                    postings=sale.postings,
                    reference=sale.reference,
                    note=sale.note,
                )
            count += 1

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    bench.acknowledged += count
    return count / (time.perf_counter() - started)


async def _function(bench: Bench, seconds: float, *, batch: int) -> float:
    before = bench.made
    rate = await asyncio.to_thread(
        function_rate,
        bench.app_dsn,
        bench.sale,
        bench.account_ids,
        batch=batch,
        seconds=seconds,
    )
    bench.acknowledged += bench.made - before
    return rate


async def _bare(bench: Bench, seconds: float, *, batch: int) -> float:
    return await asyncio.to_thread(
        bare_rate, bench.owner_dsn, accounts=WALLETS, batch=batch, seconds=seconds
    )


async def _problems(bench: Bench) -> list[str]:
    """What is wrong afterwards: a broken rule, or an acknowledged transfer that is not there."""
    async with bench.database.transaction(SYSTEM) as uow:
        problems = await bench.ledger.check_invariants(uow)
        kept = await uow.value("SELECT count(*) FROM ledger.transfers WHERE kind = 'sale'")
    if kept != bench.acknowledged:
        problems.append(f"{bench.acknowledged} sales were acknowledged and {kept} are kept")
    return problems


@asynccontextmanager
async def _bench() -> AsyncIterator[Bench]:
    """An embedded PostgreSQL of its own, wallets with money in them, and the ledger open."""
    with (
        tempfile.TemporaryDirectory(prefix="souk-bench-") as folder,
        EmbeddedPostgres(Path(folder)) as server,
    ):
        owner_dsn = server.dsn()
        migrate(owner_dsn, app_password="bench")
        make_bare(owner_dsn, accounts=WALLETS)
        app_dsn = make_conninfo(owner_dsn, user="souk_app", password="bench")
        database = Database(app_dsn, pool_size=12, clock=SystemClock(), write_events=write_events)
        ledger = LedgerService(database, clock=SystemClock(), settings=LedgerSettings())
        await database.open()
        await ledger.open()
        assert server.pid is not None
        try:
            yield await _funded(
                database, ledger, owner_dsn=owner_dsn, app_dsn=app_dsn, server_pid=server.pid
            )
        finally:
            await ledger.close()
            await database.close()


async def _funded(
    database: Database, ledger: LedgerService, *, owner_dsn: str, app_dsn: str, server_pid: int
) -> Bench:
    wallets = [f"org_{number:026d}" for number in range(WALLETS)]
    outcomes = await ledger.submit_many(
        [
            Transfer(
                kind="deposit",
                idempotency_key=f"deposit:{name}",
                postings=(
                    Posting(external("test", "USD"), -(10**12)),
                    Posting(wallet(name, "USD"), 10**12),
                ),
            )
            for name in wallets
        ]
    )
    assert all(isinstance(outcome, str) for outcome in outcomes)
    accounts = [wallet(name, "USD") for name in wallets]
    accounts += [platform("revenue", "USD"), platform("compliance", "USD")]
    async with database.transaction(SYSTEM) as uow:
        ids = await open_accounts(uow, accounts)
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        connection.execute("ANALYZE")
    return Bench(
        database=database,
        ledger=ledger,
        owner_dsn=owner_dsn,
        app_dsn=app_dsn,
        server_pid=server_pid,
        wallets=wallets,
        account_ids=dict(zip(accounts, ids, strict=True)),
    )
