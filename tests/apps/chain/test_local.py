"""The local chain: found where it is installed, kept over restarts, known again, and not needed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from souk.apps.chain.local import command, find_anvil, ready_state
from souk.apps.chain.mining import mine_waiting
from souk.apps.up.chain import local_chain
from souk.apps.up.errors import UpError
from souk.rights.chain.model import CHAINS
from souk.rights.chain.rpc import Rpc
from tests.chain import ANVIL, Chain, await_port, install_chain
from tests.serving import free_port

pytestmark = pytest.mark.slow  # it installs and runs anvil


@pytest.fixture(scope="module")
def anvil() -> Path:
    install_chain()
    found = find_anvil("")
    assert found is not None
    return found


@contextmanager
def running(anvil: Path, folder: Path, *, end_by: signal.Signals) -> Iterator[str]:
    """The local chain as `souk up` runs it; its address."""
    port = free_port()
    line = command(anvil, state=ready_state(folder), port=port, at_once=True)
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        await_port(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(end_by)
        process.wait()


async def identity(url: str) -> str:
    rpc = Rpc(CHAINS["local"], [url])
    try:
        return await rpc.identify()
    finally:
        await rpc.close()


def block_number(url: str, *, mine: int = 0) -> int:
    def ask(method: str, *parameters: object) -> str:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        return str(httpx.post(url, json=body).json()["result"])

    if mine:
        ask("anvil_mine", hex(mine))
    return int(ask("eth_blockNumber"), 16)


async def test_the_chain_goes_on_after_it_was_ended_and_is_known_again(
    anvil: Path, tmp_path: Path
) -> None:
    with running(anvil, tmp_path, end_by=signal.SIGTERM) as url:
        first = await identity(url)
        height = block_number(url, mine=5)
    with running(anvil, tmp_path, end_by=signal.SIGTERM) as url:
        again = await identity(url)
        assert block_number(url, mine=2) == height + 2
    with running(anvil, tmp_path, end_by=signal.SIGKILL) as url:
        third = await identity(url)
        assert block_number(url) == height + 2

    assert first == again == third


async def test_a_state_that_was_cut_off_gives_way_to_the_last_whole_one(
    anvil: Path, tmp_path: Path
) -> None:
    with running(anvil, tmp_path, end_by=signal.SIGTERM) as url:
        first = await identity(url)
    state = ready_state(tmp_path)
    state.write_bytes(state.read_bytes()[:-100])

    with running(anvil, tmp_path, end_by=signal.SIGKILL) as url:
        again = await identity(url)

    assert again == first
    assert (tmp_path / "state.broken.json").exists()


def test_a_chain_is_run_where_anvil_is_and_nothing_else_is_said(anvil: Path) -> None:
    chain = local_chain({})

    assert chain.runs
    assert chain.environment["SOUK_CHAIN_CHAINS"] == "local"
    port = chain.environment["SOUK_CHAIN_LOCAL_PORT"]
    assert chain.environment["SOUK_CHAIN_RPC"] == f"local=http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    "environ",
    [
        {"SOUK_CHAIN_CHAINS": "none"},
        {"SOUK_CHAIN_CHAINS": "polygon", "SOUK_CHAIN_RPC": "polygon=https://node.example"},
        {"SOUK_CHAIN_CHAINS": "local", "SOUK_CHAIN_RPC": "local=http://127.0.0.1:1"},
    ],
)
def test_no_chain_is_run_where_another_one_is_named(environ: dict[str, str]) -> None:
    chain = local_chain(environ)

    assert (chain.runs, chain.environment, chain.says) == (False, {}, "")


def test_the_marketplace_does_without_a_chain_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("souk.apps.up.chain.find_anvil", lambda _named: None)

    chain = local_chain({})

    assert not chain.runs
    assert chain.environment == {"SOUK_CHAIN_CHAINS": "none"}
    assert "npm ci" in chain.says


def test_a_wrong_setting_is_said(anvil: Path) -> None:
    with pytest.raises(UpError, match="known are local"):
        local_chain({"SOUK_CHAIN_CHAINS": "dogecoin"})
    assert find_anvil(str(ANVIL)) == ANVIL


def test_blocks_are_made_by_the_second_and_only_when_something_waits(
    anvil: Path, tmp_path: Path
) -> None:
    port = free_port()
    environment = {
        **os.environ,
        "SOUK_DATA_DIR": str(tmp_path),
        "SOUK_CHAIN_LOCAL_PORT": str(port),
        "SOUK_CHAIN_LOCAL_BLOCK_S": "0.2",
        "SOUK_CHAIN_ANVIL": str(anvil),
    }
    line = [sys.executable, "-m", "souk.apps.chain"]
    process = subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL)
    try:
        await_port(port, process)
        chain = Chain(f"http://127.0.0.1:{port}")
        sender, recipient = chain.account("sender").address, chain.account("recipient").address
        transfer = {"from": sender, "to": recipient, "value": "0x1"}
        receipts = [chain._mined(transfer) for _ in range(2)]
        assert [receipt["blockNumber"] for receipt in receipts] == ["0x1", "0x2"]
        assert not mine_waiting(port)
        assert chain.web3.eth.block_number == 2
    finally:
        process.kill()
        process.wait()
    assert not mine_waiting(port)
