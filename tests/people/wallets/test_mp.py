"""`mp wallets` against a real marketplace."""

import json

import click
import pytest
from eth_account.signers.local import LocalAccount

from souk_client.cli.main import run
from tests.market import sign_up
from tests.people.wallets.test_linking import new_wallet, signature_of


def test_a_wallet_is_linked_shown_and_unlinked_in_the_shell(
    base_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ada, wallet = sign_up(base_url), new_wallet()
    monkeypatch.setenv("SOUK_API_URL", base_url)
    monkeypatch.setenv("SOUK_API_KEY", ada.api_keys.create(name="shell").key)

    def mp(*words: str) -> str:
        assert run(["wallets", *words]) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    monkeypatch.setattr(click, "prompt", lambda *_, **__: _sign(wallet, capsys))
    linked = json.loads(mp("link", wallet.address.lower(), "--name", "Ledger", "--json"))
    assert (linked["address"], linked["name"]) == (wallet.address, "Ledger")
    assert wallet.address in mp()
    assert "Published" in mp("publish", linked["id"])
    assert json.loads(mp("--json"))["items"][0]["published"]
    assert "Hidden" in mp("publish", linked["id"], "--off")
    assert "Unlinked" in mp("unlink", linked["id"])
    assert json.loads(mp("--json")) == {"items": []}
    assert run(["wallets", "unlink", linked["id"]]) == 4


def _sign(wallet: LocalAccount, capsys: pytest.CaptureFixture[str]) -> str:
    """Signs what stands on the screen, as somebody who reads it there would."""
    shown = capsys.readouterr().err
    start = shown.index("http://")
    return signature_of(wallet, shown[start:].rstrip("\n"))
