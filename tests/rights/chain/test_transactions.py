"""Transactions: none is lost, none happens twice, whatever dies or changes its mind."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.errors import Conflict
from souk.rights.chain import store
from souk.rights.chain.keys import Keystore
from souk.rights.chain.store import TransactionRow
from souk.rights.chain.transactions import submit
from tests.chain import Chain
from tests.rights.chain.conftest import PASSWORD, Hand, Work

pytestmark = pytest.mark.database

TARGET = "0x" + "77" * 20

SENDING_PROCESS = """
import asyncio, os, signal, sys
from pathlib import Path
from souk.infra.outbox.store import write_events
from souk.infra.postgres.database import Database
from souk.kernel.clock import SystemClock
from souk.rights.chain.keys import Keystore
from souk.rights.chain.model import CHAINS
from souk.rights.chain.rpc import Rpc
from souk.rights.chain.settings import ChainSettings
from souk.rights.chain.transactions import Sending

dsn, url, key, password, stop_at = sys.argv[1:]

def halt(step):
    if step == stop_at:
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    database = Database(dsn, pool_size=3, clock=SystemClock(), write_events=write_events)
    await database.open()
    rpc = Rpc(CHAINS["local"], [url])
    await rpc.identify()
    sending = Sending(
        database, rpc=rpc, signer=Keystore(Path(key), password=lambda: password),
        settings=ChainSettings(), finality=1, halt=halt,
    )
    await sending.step(await rpc.head())

asyncio.run(main())
"""


@pytest_asyncio.fixture(loop_scope="session")
async def mining(node: Chain) -> AsyncIterator[Callable[[bool], None]]:
    """Turns mining at once off and on; it is on again afterwards."""
    yield lambda on: node.rpc("evm_setAutomine", on)
    node.rpc("evm_setAutomine", True)


async def want(database: Database, hand: Hand, purpose: str, value: int = 7) -> TransactionRow:
    network = await hand.network()
    await hand.steps(1)  # the chain is known, and the account has coins
    async with database.transaction(SYSTEM) as uow:
        return await submit(
            uow, network=network, purpose=purpose, data=b"", recipient=TARGET, value=value
        )


async def look(database: Database, hand: Hand, purpose: str) -> TransactionRow:
    async with database.transaction(SYSTEM) as uow:
        found = await store.of_purpose(uow, network=await hand.network(), purpose=purpose)
    assert found is not None
    return found


def received(node: Chain) -> int:
    return int(node.rpc("eth_getBalance", TARGET, "latest"), 16)


async def test_a_purpose_is_done_once(database: Database, node: Chain, work: Work) -> None:
    hand, before = work(), received(node)
    first = await want(database, hand, "once")
    again = await want(database, hand, "once")
    with pytest.raises(Conflict, match="already"):
        await want(database, hand, "once", value=8)

    await hand.steps(3)

    assert first.id == again.id
    row = await look(database, hand, "once")
    assert row.state == "final"
    assert received(node) - before == 7


async def test_two_workers_do_not_do_it_twice(database: Database, node: Chain, work: Work) -> None:
    one, other, before = work(), work(), received(node)
    for number in range(6):
        await want(database, one, f"both:{number}")

    await asyncio.gather(one.steps(4), other.steps(4))
    await one.steps(2)

    assert received(node) - before == 6 * 7
    states = {(await look(database, one, f"both:{n}")).state for n in range(6)}
    assert states == {"final"}


@pytest.mark.parametrize("stop_at", ["written", "sent"])
async def test_a_kill_between_sending_and_recording_loses_and_doubles_nothing(
    database: Database, app_dsn: str, node: Chain, key_file: Path, work: Work, stop_at: str
) -> None:
    hand, before = work(), received(node)
    await want(database, hand, f"killed:{stop_at}")
    command = [sys.executable, "-c", SENDING_PROCESS, app_dsn, node.url, str(key_file), PASSWORD]

    ended = await asyncio.to_thread(subprocess.run, [*command, stop_at], capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert received(node) - before == (7 if stop_at == "sent" else 0)
    assert (await look(database, hand, f"killed:{stop_at}")).state == "sent"
    await work().steps(3)

    assert received(node) - before == 7
    assert (await look(database, hand, f"killed:{stop_at}")).state == "final"


async def test_a_stuck_transaction_is_replaced_by_itself(
    database: Database,
    owner_dsn: str,
    node: Chain,
    work: Work,
    mining: Callable[[bool], None],
) -> None:
    hand, before = work(), received(node)
    row = await want(database, hand, "stuck")
    mining(False)
    await hand.steps(2)
    with psycopg.connect(owner_dsn, autocommit=True) as owner:  # an hour goes by
        owner.execute("ALTER TABLE chain.attempts DISABLE TRIGGER refuse_change")
        owner.execute("UPDATE chain.attempts SET made_at = made_at - interval '1 hour'")
        owner.execute("ALTER TABLE chain.attempts ENABLE TRIGGER refuse_change")
    await hand.steps(2)
    async with database.transaction(SYSTEM) as uow:
        sent = await look(database, hand, "stuck")
        assert sent.nonce is not None
        forms = await store.attempts(uow, row.id, nonce=sent.nonce)
    assert len(forms) == 2
    assert forms[0].max_fee_wei > forms[1].max_fee_wei

    node.rpc("evm_mine")
    await hand.steps(2)

    ended = await look(database, hand, "stuck")
    assert (ended.state, ended.hash) == ("final", forms[0].hash)
    assert received(node) - before == 7


async def test_a_reorganisation_is_followed(
    database: Database, node: Chain, work: Work, mining: Callable[[bool], None]
) -> None:
    hand, before = work(finality=8), received(node)
    await want(database, hand, "reorganised")
    snapshot = node.rpc("evm_snapshot")
    await hand.steps(2)
    node.rpc("anvil_mine", hex(4))
    await hand.steps(1)
    assert (await look(database, hand, "reorganised")).state == "mined"

    mining(False)
    node.rpc("evm_revert", snapshot)  # five blocks are gone, and the transaction with them
    node.rpc("anvil_mine", hex(1))
    await hand.steps(1)
    taken_back = await look(database, hand, "reorganised")
    assert (taken_back.state, taken_back.block_number) == ("sent", None)
    node.rpc("anvil_mine", hex(9))
    await hand.steps(2)

    assert (await look(database, hand, "reorganised")).state == "final"
    assert received(node) - before == 7


async def test_a_nonce_that_another_program_used_is_given_up(
    database: Database, node: Chain, signer: Keystore, work: Work, mining: Callable[[bool], None]
) -> None:
    hand, before = work(), received(node)
    await want(database, hand, "displaced")
    mining(False)
    await hand.steps(2)
    node.rpc("anvil_dropAllTransactions")
    row = await look(database, hand, "displaced")
    assert row.nonce is not None
    foreign = await signer.sign(
        {
            "chainId": 31337,
            "nonce": row.nonce,
            "gas": 21_000,
            "value": 1,
            "data": "0x",
            "to": "0x" + "88" * 20,
            "gasPrice": 10**11,
        }
    )
    node.rpc("eth_sendRawTransaction", "0x" + foreign.raw.hex())
    node.rpc("evm_mine")
    mining(True)

    await hand.steps(4)

    ended = await look(database, hand, "displaced")
    assert (ended.state, ended.nonce) == ("final", row.nonce + 1)
    assert received(node) - before == 7


async def test_a_chain_that_was_restored_from_a_backup_gets_everything_again(
    database: Database, node: Chain, work: Work
) -> None:
    hand, before = work(), received(node)
    snapshot = node.rpc("evm_snapshot")
    for number in range(3):
        await want(database, hand, f"restored:{number}")
        await hand.steps(2)
    node.rpc("evm_revert", snapshot)
    assert received(node) == before

    await work().steps(4)  # a new process

    assert received(node) - before == 3 * 7


async def test_what_the_chain_would_refuse_waits_without_a_nonce(
    database: Database, node: Chain, work: Work
) -> None:
    hand = work()
    network = await hand.network()
    await hand.steps(1)
    async with database.transaction(SYSTEM) as uow:
        await submit(
            uow, network=network, purpose="refused", data=b"", recipient=TARGET, value=10**30
        )
    await want(database, hand, "after it")

    await hand.steps(3)

    refused = await look(database, hand, "refused")
    assert (refused.state, refused.nonce) == ("queued", None)
    assert refused.problem
    assert (await look(database, hand, "after it")).state == "final"
