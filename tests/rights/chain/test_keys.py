"""Keys: encrypted at rest, named in errors by their file only, or kept by a signer outside."""

import asyncio
import json
import stat
from pathlib import Path

import pytest
from eth_account import Account

from souk.rights.chain.keys import Keystore, KeyUnusable, OutsideSigner
from tests.chain import Chain
from tests.rights.chain.conftest import PASSWORD
from tests.serving import free_port

FIELDS = {
    "chainId": 31337,
    "nonce": 3,
    "gas": 21_000,
    "value": 5,
    "data": "0x",
    "to": "0x" + "77" * 20,
    "type": 2,
    "maxFeePerGas": 10**11,
    "maxPriorityFeePerGas": 10**9,
}

# The test vector of the Web3 Secret Storage definition (scrypt).
VECTOR = {
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
        "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
        "kdf": "scrypt",
        "kdfparams": {
            "dklen": 32,
            "n": 262144,
            "p": 8,
            "r": 1,
            "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19",
        },
        "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097",
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3,
}
VECTOR_KEY = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"


async def test_the_published_keystore_opens(tmp_path: Path) -> None:
    path = tmp_path / "vector.json"
    path.write_text(json.dumps(VECTOR))

    signer = Keystore(path, password=lambda: "testpassword")

    assert await signer.address() == Account.from_key(VECTOR_KEY).address.lower()


async def test_a_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "key.json"
    made = Keystore(path, password=lambda: PASSWORD, make=True)
    address = await made.address()

    again = Keystore(path, password=lambda: PASSWORD, make=True)

    assert await again.address() == address
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["crypto"]["cipher"] == "aes-128-ctr"


async def test_what_is_wrong_with_a_key_is_said_without_it(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    await Keystore(path, password=lambda: PASSWORD, make=True).address()
    broken = tmp_path / "broken.json"
    broken.write_text("{}")

    for where, password in (
        (path, "not this one"),
        (broken, PASSWORD),
        (tmp_path / "none", PASSWORD),
    ):
        with pytest.raises(KeyUnusable) as error:
            await Keystore(where, password=lambda: password).address()  # noqa: B023
        assert str(where) in str(error.value)
        assert password not in str(error.value)
    with pytest.raises(KeyUnusable, match="PASSWORD_FILE"):
        await Keystore(path, password=(tmp_path / "none").read_text).address()


async def test_a_signer_outside_signs_the_same(node: Chain) -> None:
    address = node.web3.eth.accounts[0]
    signer = OutsideSigner(node.url, address=address)

    signed = await signer.sign(FIELDS)

    assert Account.recover_transaction(signed.raw) == address
    with pytest.raises(KeyUnusable, match="does not sign"):
        await OutsideSigner(f"http://127.0.0.1:{free_port()}", address=address).sign(FIELDS)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({}, "another account"),
        ({"nonce": 4}, "something else"),
        ({"nonce": 4, "gasPrice": 1}, "something else"),
    ],
)
async def test_a_signer_that_signs_something_else_is_caught(
    changed: dict[str, int], problem: str
) -> None:
    account = Account.create()
    fields = {**FIELDS, **changed}
    if "gasPrice" in changed:
        for name in ("type", "maxFeePerGas", "maxPriorityFeePerGas"):
            del fields[name]
    raw = account.sign_transaction({**fields, "to": "0x" + "77" * 20}).raw_transaction
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"raw": "0x" + raw.hex()}}).encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        asked_for = account.address if changed else "0x" + "11" * 20
        with pytest.raises(KeyUnusable, match=problem):
            await OutsideSigner(f"http://127.0.0.1:{port}", address=asked_for).sign(FIELDS)
