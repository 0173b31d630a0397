"""Reading a chain: catching up with many events, and how long a new one takes to be here."""

import asyncio
import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import httpx
import uvloop
from eth_utils.crypto import keccak

from bench._harness import Line, Section, format_duration, percentiles
from souk.apps.application_role import app_dsn, app_password
from souk.apps.chain.local import find_anvil
from souk.apps.migrations.run import migrate
from souk.infra.outbox.store import write_events
from souk.infra.postgres.database import Database
from souk.infra.postgres.embedded import EmbeddedPostgres
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.clock import SystemClock
from souk.rights.chain import store as chain_store
from souk.rights.chain.model import CHAINS
from souk.rights.chain.rpc import Rpc
from souk.rights.chain_index.indexer import Indexer

SECRET: Final = secrets.token_hex(32)
EVENTS_A_BLOCK: Final = 100
MARKET, WORKS, LICENCES = ("0x" + digit * 40 for digit in "123")
SENDER: Final = "0x" + "a" * 40
SOLD: Final = keccak(text="Sold(uint256,uint256,address,uint256,address,uint256,uint64)")
HOW: Final = f"""
An anvil of its own, where a small program in the market's place announces {EVENTS_A_BLOCK} sales
(`Sold`, four topics and four words each) in one transaction a block: real blocks and logs, without
the cost of paying each sale. The indexer reads them over JSON-RPC in stretches of some 50 blocks,
checks hashes, parents and filters, and writes facts and outbox events to the embedded PostgreSQL
with fsync and synchronous commits on; node, database and indexer share the machine.
"""


def run(*, quick: bool) -> Section:
    """Fills a chain, then reads it from the beginning."""
    return uvloop.run(_measure(events=2_000 if quick else 100_000, looks=5 if quick else 100))


async def _measure(*, events: int, looks: int) -> Section:
    with _chain() as url:
        async with _database() as database:
            await _fill(url, events)
            rpc = Rpc(CHAINS["local"], [url])
            network = await rpc.identify()
            async with database.transaction(SYSTEM) as uow:
                await chain_store.see_network(
                    uow, key=network, name="local", chain_id=31337, genesis=rpc.genesis, head=1
                )
            indexer = _indexer(database, rpc)
            started = time.perf_counter()
            while await indexer.step():
                pass
            took_s = time.perf_counter() - started
            facts, told = await _counts(database)
            assert facts == told == events, (facts, told, events)
            delays = await _delays(url, database, indexer, looks=looks)
            await indexer.close()
    seen = percentiles(delays)
    return Section(
        title="Reading a chain",
        how=HOW,
        lines=[
            Line(
                what=f"catching up with {events:,} events, until all are facts and announced",
                measured=f"{format_duration(took_s)} ({events / took_s:,.0f}/s)",
                promised="< 60 s",
                reached=took_s < 60,
                bounded_by="processor time, shared with anvil and PostgreSQL",
            ),
            Line(
                what=f"from a block with {EVENTS_A_BLOCK} sales to its facts, looking every 250 ms",
                measured=str(seen),
                promised="< 1 s",
                reached=seen.max < 1.0,
                bounded_by="how often it looks",
            ),
        ],
    )


def _indexer(database: Database, rpc: Rpc) -> Indexer:
    return Indexer(
        database,
        rpc=rpc,
        finality=1,
        given={"Market": MARKET, "Works": WORKS, "Licences": LICENCES},
        start=0,
        most_blocks=1_000,
        poll_s=0.25,
    )


async def _delays(url: str, database: Database, indexer: Indexer, *, looks: int) -> list[float]:
    """From the answer to the transaction, which is in its block then, to its facts' commit."""
    found = []
    running = asyncio.create_task(indexer.run())
    try:
        async with httpx.AsyncClient() as client:
            for number in range(looks):
                await asyncio.sleep(0.05 * (number % 7))
                await _announce(client, url, first=10**6 + number * EVENTS_A_BLOCK)
                started = time.perf_counter()
                height = await _rpc(client, url, "eth_blockNumber")
                await _until(database, int(str(height), 16))
                found.append(time.perf_counter() - started)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return found


async def _until(database: Database, height: int) -> None:
    """Waits until the facts up to a block are committed."""
    there = -1
    while there < height:
        await asyncio.sleep(0.005)
        async with database.transaction(SYSTEM, read_only=True) as uow:
            there = int(await uow.value("SELECT indexed_block FROM chain_index.cursors"))


async def _counts(database: Database) -> tuple[int, int]:
    async with database.transaction(SYSTEM, read_only=True) as uow:
        facts = await uow.value("SELECT count(*) FROM chain_index.facts")
        told = await uow.value("SELECT count(*) FROM infra.events")
    return int(facts), int(told)


# ---------------------------------------------------------------------------------- the chain


def _program() -> str:
    """Announces sales number calldata[0] up to calldata[1]."""
    loop, body = 2, 12  # where both begin
    return (
        "5f35"  # i = calldata[0]
        f"5b806020351160{body:02x}57"  # while calldata[1] > i
        "00"
        "5b805f52"  # the first word is i, the licence
        "620f4240604052"  # the third the price
        "338182"  # topics: who calls, i, i
        f"7f{SOLD.hex()}"
        "60805fa4"
        f"60010160{loop:02x}56"
    )


async def _fill(url: str, events: int) -> None:
    async with httpx.AsyncClient(timeout=60) as client:
        for address, code in ((MARKET, _program()), (WORKS, "00"), (LICENCES, "00")):
            await _rpc(client, url, "anvil_setCode", address, "0x" + code)
        await _rpc(client, url, "anvil_setBalance", SENDER, hex(10**24))
        await _rpc(client, url, "anvil_impersonateAccount", SENDER)
        for first in range(0, events, EVENTS_A_BLOCK):
            await _announce(client, url, first=first)


async def _announce(client: httpx.AsyncClient, url: str, *, first: int) -> None:
    transaction = {
        "from": SENDER,
        "to": MARKET,
        "gas": hex(1_000_000),
        "data": f"0x{first:064x}{first + EVENTS_A_BLOCK:064x}",
    }
    await _rpc(client, url, "eth_sendTransaction", transaction)


async def _rpc(client: httpx.AsyncClient, url: str, method: str, *parameters: object) -> object:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}
    answer = (await client.post(url, json=body)).json()
    if "error" in answer:
        raise RuntimeError(f"{method}: {answer['error']}")
    return answer["result"]


@contextmanager
def _chain() -> Iterator[str]:
    program = find_anvil("")
    if program is None:
        raise RuntimeError("There is no anvil: `make chain` installs it.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([str(program), "--port", str(port), "--silent"])
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@asynccontextmanager
async def _database() -> AsyncIterator[Database]:
    with tempfile.TemporaryDirectory(prefix="souk-bench-", ignore_cleanup_errors=True) as folder:
        server = EmbeddedPostgres(Path(folder))
        await asyncio.to_thread(server.start)
        try:
            dsn = server.dsn()
            await asyncio.to_thread(migrate, dsn, app_password=app_password(SECRET))
            database = Database(
                app_dsn(dsn, SECRET), pool_size=4, clock=SystemClock(), write_events=write_events
            )
            await database.open()
            try:
                yield database
            finally:
                await database.close()
        finally:
            await asyncio.to_thread(server.stop)
