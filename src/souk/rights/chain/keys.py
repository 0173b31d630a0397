"""Who signs: a key in an encrypted file, or a signer outside. A key is never shown nor logged.

eth-account is imported when a key is first needed: it takes about a second.
"""

import asyncio
import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import httpx
import msgspec

from souk.infra.blobs.durable import sync_folder

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

SCRYPT_N: Final = 2**13
"""For keys that Souk makes itself, whose password is 256 random bits."""
SIGNER_TIMEOUT_S: Final = 10.0

Fields = Mapping[str, Any]
"""A transaction as eth-account takes it: nonce, gas, to, value, data, chainId and fees."""


Typed = Mapping[str, Any]
"""What `eth_signTypedData_v4` takes: types, primaryType, domain and message."""


class KeyUnusable(Exception):
    """The key that shall pay and sign is not to be had; the message says why, and never the key."""


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A signed transaction."""

    raw: bytes
    hash: str


class Signer(Protocol):
    """Signs for one account."""

    async def address(self) -> str:
        """The account, in lower case. Raises KeyUnusable."""
        ...

    async def sign(self, fields: Fields) -> Signed:
        """The signed transaction. Raises KeyUnusable."""
        ...

    async def sign_typed(self, typed: Typed) -> bytes:
        """The signature of an EIP-712 struct. Raises KeyUnusable."""
        ...


class Keystore:
    """A key in an encrypted file (Web3 Secret Storage, version 3).

    Args:
        path: the file.
        password: gives what opens it; raises OSError when it cannot.
        make: whether a new key is made and written when there is no file.
    """

    def __init__(self, path: Path, *, password: Callable[[], str], make: bool = False) -> None:
        self._path = path
        self._password = password
        self._make = make
        self._account: LocalAccount | None = None
        self._opening = asyncio.Lock()

    async def address(self) -> str:
        return str((await self._opened()).address).lower()

    async def sign(self, fields: Fields) -> Signed:
        return _signed((await self._opened()).sign_transaction(dict(fields)).raw_transaction)

    async def sign_typed(self, typed: Typed) -> bytes:
        from eth_account.messages import encode_typed_data  # noqa: PLC0415

        message = encode_typed_data(full_message=dict(typed))
        return bytes((await self._opened()).sign_message(message).signature)

    async def _opened(self) -> "LocalAccount":
        async with self._opening:
            if self._account is None:
                self._account = await asyncio.to_thread(self._open)
            return self._account

    def _open(self) -> "LocalAccount":
        from eth_account import Account  # noqa: PLC0415

        try:
            text = self._path.read_text()
        except FileNotFoundError:
            if not self._make:
                raise KeyUnusable(
                    f"There is no keystore file {self._path}. Put it there, or mend "
                    "SOUK_CHAIN_KEYSTORE."
                ) from None
            return self._made()
        except OSError as error:
            raise KeyUnusable(f"{self._path} cannot be read ({error.strerror}).") from None
        try:
            account: LocalAccount = Account.from_key(Account.decrypt(text, self._password()))
        except OSError as error:
            raise KeyUnusable(
                f"The keystore's password cannot be read ({error.strerror}); mend "
                "SOUK_CHAIN_PASSWORD_FILE."
            ) from None
        except (ValueError, KeyError, TypeError, NotImplementedError):
            raise KeyUnusable(
                f"{self._path} is no keystore file, or its password is another one."
            ) from None
        return account

    def _made(self) -> "LocalAccount":
        from eth_account import Account  # noqa: PLC0415

        account: LocalAccount = Account.from_key(secrets.token_bytes(32))
        sealed = Account.encrypt(account.key, self._password(), kdf="scrypt", iterations=SCRYPT_N)
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        whole = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(sealed, file)
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link never replaces a key that another process has just made.
            os.link(whole, self._path)
        except FileExistsError:
            return self._open()
        finally:
            whole.unlink()
        sync_folder(self._path.parent)
        return account


class OutsideSigner:
    """A signer of its own (Web3Signer, Clef) that answers `eth_signTransaction`.

    Args:
        url: where it answers; it may hold a secret and is never logged.
        address: the account that it signs for.
    """

    def __init__(self, url: str, *, address: str) -> None:
        self._url = url
        self._address = address.lower()

    async def address(self) -> str:
        return self._address

    async def sign(self, fields: Fields) -> Signed:
        sent = {
            name: value if isinstance(value, str) else hex(value)
            for name, value in fields.items()
            if name != "type"
        }
        raw = await self._asked("eth_signTransaction", {"from": self._address, **sent})
        await asyncio.to_thread(self._check, raw, fields)
        return _signed(raw)

    async def sign_typed(self, typed: Typed) -> bytes:
        signature = await self._asked("eth_signTypedData", self._address, dict(typed))
        await asyncio.to_thread(self._check_typed, signature, typed)
        return signature

    async def _asked(self, method: str, *parameters: object) -> bytes:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}
        try:
            async with httpx.AsyncClient(timeout=SIGNER_TIMEOUT_S) as client:
                answer = (await client.post(self._url, json=body)).json()
            found = answer["result"]
            return bytes.fromhex((found["raw"] if isinstance(found, dict) else found)[2:])
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            raise KeyUnusable("The signer outside does not sign.") from None

    def _check_typed(self, signature: bytes, typed: Typed) -> None:
        """It must have signed this very struct, and for its account."""
        from eth_account import Account  # noqa: PLC0415
        from eth_account.messages import encode_typed_data  # noqa: PLC0415
        from eth_keys.exceptions import BadSignature  # noqa: PLC0415

        message = encode_typed_data(full_message=dict(typed))
        try:
            signer = str(Account.recover_message(message, signature=signature)).lower()
        except (ValueError, BadSignature):
            signer = ""
        if signer != self._address:
            raise KeyUnusable("The signer outside signs something else, or for another account.")

    def _check(self, raw: bytes, fields: Fields) -> None:
        """It must have signed this very transaction: another nonce could be a second one."""
        import rlp  # noqa: PLC0415
        from eth_account import Account  # noqa: PLC0415
        from eth_account.typed_transactions.typed_transaction import (  # noqa: PLC0415
            TypedTransaction,
        )
        from hexbytes import HexBytes  # noqa: PLC0415

        if str(Account.recover_transaction(raw)).lower() != self._address:
            raise KeyUnusable("The signer outside signs for another account.")
        if raw[0] > 0x7F:  # a legacy transaction is a list, its nonce the first member
            nonce = int.from_bytes(rlp.decode(raw)[0])
        else:
            nonce = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()["nonce"]
        if nonce != fields["nonce"]:
            raise KeyUnusable("The signer outside signs something else than it was given.")


def _signed(raw: bytes) -> Signed:
    from eth_utils.crypto import keccak  # noqa: PLC0415

    return Signed(raw=bytes(raw), hash="0x" + keccak(bytes(raw)).hex())
