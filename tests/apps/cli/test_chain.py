"""`souk chain`: contracts put on a chain by the operator, and how things stand there."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.chain import Chain, install_chain, running_chain
from tests.serving import SECRET

from souk.apps.cli.group import main


@pytest.fixture(scope="module")
def node() -> Iterator[Chain]:
    install_chain()
    with running_chain() as chain:
        yield chain


@pytest.fixture
def settings(owner_dsn: str, node: Chain, tmp_path: Path) -> dict[str, str]:
    return {
        "SOUK_DATABASE_URL": owner_dsn,
        "SOUK_SECRET": SECRET,
        "SOUK_DATA_DIR": str(tmp_path),
        "SOUK_CHAIN_CHAINS": "local",
        "SOUK_CHAIN_RPC": f"local={node.url}",
    }


def chain(settings: dict[str, str], *arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(main, ["chain", *arguments], env=settings, input=answer)


def test_contracts_are_put_on_the_chain_once(settings: dict[str, str], node: Chain) -> None:
    nothing = chain(settings, "status")
    assert "No chain was seen yet." in nothing.output
    refused = chain(settings, "deploy", "local", answer="n\n")
    assert refused.exit_code == 1
    assert node.web3.eth.block_number == 0

    first = chain(settings, "deploy", "local", "--yes")
    again = chain(settings, "deploy", "local", answer="y\n")

    assert first.exit_code == again.exit_code == 0, first.output
    said = first.stdout.strip().splitlines()[-1]
    assert said.startswith("local.Anchor=0x")
    assert again.stdout.strip().splitlines()[-1] == said
    address = said.partition("=")[2]
    assert node.rpc("eth_getCode", address, "latest") != "0x"
    checked = chain(settings, "check", "local")
    assert checked.output.strip().splitlines()[-1] == "Chain and database agree."
    reconciled = chain(settings, "reconcile", "local", "--json")
    assert reconciled.exit_code == 0
    assert json.loads(reconciled.stdout) == {"chain": "local", "differences": []}
    told = chain(settings, "status").output
    assert address in told
    assert "0 wait, 0 failed" in told


def test_what_cannot_be_done_is_said(settings: dict[str, str], node: Chain) -> None:
    unknown = chain(settings, "deploy", "polygon", "--yes")
    lonely = chain(settings, "deploy", "local", "--contract", "Market", "--yes")
    away = chain(
        {**settings, "SOUK_CHAIN_RPC": "local=http://127.0.0.1:9"}, "deploy", "local", "--yes"
    )
    wrong = chain({**settings, "SOUK_CHAIN_CHAINS": "dogecoin"}, "status")
    keyless = chain(
        {**settings, "SOUK_CHAIN_KEYSTORE": "/nowhere/key.json"}, "deploy", "local", "--yes"
    )

    for result, words in (
        (unknown, "does not name 'polygon'"),
        (lonely, "Market needs"),
        (away, "No node of the chain local answers"),
        (wrong, "SOUK_CHAIN_CHAINS: there is no chain 'dogecoin'"),
        (keyless, "There is no keystore file /nowhere/key.json"),
    ):
        assert result.exit_code != 0
        assert words in result.output
