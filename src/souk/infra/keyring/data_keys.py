"""Data keys: one for each encrypted blob, wrapped by a key-encryption key that can be changed.

Three layers: the marketplace's secret seals the key-encryption keys, the current one of which wraps
data keys, each of which encrypts one blob. Rotation makes a new key-encryption key and wraps every
data key anew; no stored byte is encrypted again. Whoever has the database or the blobs alone, or
both without the secret, reads nothing.
"""

import asyncio
import os
from collections import OrderedDict
from collections.abc import Collection
from datetime import timedelta
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from souk.infra.keyring import data_key_store as store
from souk.infra.keyring.keyring import Keyring, KeyUnknown
from souk.infra.keyring.sealing import SealBroken
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.ids import new_id

STORAGE: Final = "storage"
"""What the key-encryption keys are called among the marketplace's keys."""
KEY_ID_BYTES: Final = 16
DATA_KEY_BYTES: Final = 32
MADE_AT_ONCE: Final = 32
"""How many data keys are made in one transaction and kept for the blobs that come next."""
KNOWN_KEYS: Final = 4096
"""How many data keys a process remembers."""
WRAPPED_AT_ONCE: Final = 1000
OLD_KEY_KEPT: Final = timedelta(hours=1)
"""For how long a replaced key-encryption key is kept at least: for processes that still use it."""
_NONCE_BYTES: Final = 12
_SEAL: Final = "storage-key"


class DataKey(msgspec.Struct, frozen=True):
    """The key of one blob."""

    id: bytes
    secret: bytes

    def __repr__(self) -> str:
        return f"DataKey({self.id.hex()})"


class DataKeys:
    """Makes data keys, finds them again, and changes what wraps them.

    Args:
        database: where wrapped keys are kept.
        keyring: seals the key-encryption keys.
    """

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._wrapping: dict[str, AESGCM] = {}
        self._ready: list[DataKey] = []
        self._making = asyncio.Lock()
        self._known: OrderedDict[bytes, DataKey] = OrderedDict()

    async def fresh(self) -> DataKey:
        """A key that no blob has; it is durable in the database when this returns."""
        async with self._making:
            if not self._ready:
                self._ready = await self._make()
            return self._remember(self._ready.pop())

    async def find(self, key_id: bytes) -> DataKey:
        """The key of this id.

        Raises:
            KeyUnknown: there is none.
            SealBroken: it was wrapped under another secret, or changed.
        """
        known = self._known.get(key_id)
        if known is not None:
            self._known.move_to_end(key_id)
            return known
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            row = await store.find(uow, key_id)
        if row is None:
            raise KeyUnknown(f"there is no data key {key_id.hex()}")
        return self._remember(DataKey(key_id, self._unwrap(row)))

    async def forget(self, key_ids: Collection[bytes]) -> None:
        """Removes keys for good: what they encrypted can never be read again."""
        for key_id in key_ids:
            self._known.pop(key_id, None)
        async with self._database.transaction(SYSTEM) as uow:
            await store.remove(uow, list(key_ids))

    async def rotate(self) -> tuple[str, int]:
        """A new key-encryption key, under which every data key is wrapped anew.

        Answers its id, and how many data keys there were. When it is interrupted, those that are
        left stay readable and are wrapped anew by `rewrap`, which a schedule calls.
        """
        async with self._database.transaction(SYSTEM) as uow:
            await store.retire(uow)
            key_id = (await self._current(uow)).id
        wrapped = 0
        while True:
            async with self._database.transaction(SYSTEM) as uow:
                some = await self.rewrap(uow)
            wrapped += some
            if not some:
                return key_id, wrapped

    async def rewrap(self, uow: UnitOfWork) -> int:
        """Wraps some data keys of replaced key-encryption keys anew; answers how many (system)."""
        current = await self._current(uow)
        rows = await store.outdated(uow, current.id, limit=WRAPPED_AT_ONCE)
        cipher = self._cipher(current.id, current.secret_sealed)
        again = [(row.id, _wrap(cipher, DataKey(row.id, self._unwrap(row)))) for row in rows]
        if again:
            await store.rewrapped(uow, current.id, again)
        await store.remove_unused(uow, before=uow.now - OLD_KEY_KEPT)
        return len(again)

    async def storage_keys(self, uow: UnitOfWork) -> list[store.StorageKey]:
        """The key-encryption keys, oldest first."""
        return await store.storage_keys(uow)

    async def _make(self) -> list[DataKey]:
        keys = [
            DataKey(os.urandom(KEY_ID_BYTES), os.urandom(DATA_KEY_BYTES))
            for _ in range(MADE_AT_ONCE)
        ]
        async with self._database.transaction(SYSTEM) as uow:
            current = await self._current(uow)
            cipher = self._cipher(current.id, current.secret_sealed)
            await store.add(uow, current.id, [(key.id, _wrap(cipher, key)) for key in keys])
        return keys

    async def _current(self, uow: UnitOfWork) -> store.WrappingKeyRow:
        found = await store.current(uow)
        if found is None:
            sealed = self._keyring.seal(_SEAL, os.urandom(DATA_KEY_BYTES))
            await store.add_wrapping_key(uow, new_id("kek", uow.now), sealed)
            found = await store.current(uow)
        assert found is not None
        return found

    def _cipher(self, key_id: str, sealed: bytes) -> AESGCM:
        cipher = self._wrapping.get(key_id)
        if cipher is None:
            cipher = self._wrapping[key_id] = AESGCM(self._keyring.open(_SEAL, sealed))
        return cipher

    def _unwrap(self, row: store.DataKeyRow) -> bytes:
        cipher = self._cipher(row.wrapping_key_id, row.secret_sealed)
        nonce, wrapped = row.secret_wrapped[:_NONCE_BYTES], row.secret_wrapped[_NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, wrapped, _bound(row.id))
        except InvalidTag as error:
            raise SealBroken(f"the data key {row.id.hex()} cannot be unwrapped") from error

    def _remember(self, key: DataKey) -> DataKey:
        self._known[key.id] = key
        if len(self._known) > KNOWN_KEYS:
            self._known.popitem(last=False)
        return key


def _wrap(cipher: AESGCM, key: DataKey) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, key.secret, _bound(key.id))


def _bound(key_id: bytes) -> bytes:
    return b"souk/data-key/1\0" + key_id
