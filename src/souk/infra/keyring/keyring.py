"""Ed25519 keys by purpose, kept in PostgreSQL with the private half sealed.

Every process reads them into memory and looks again once a minute, so a rotation reaches all of
them without a restart, and a key that another process has just made is found when it is needed.
"""

import asyncio
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import msgspec
import structlog

from souk.infra.keyring import store
from souk.infra.keyring.sealing import Sealer
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk_client.proofs import LICENCE, LOG, PublicKey, SigningKey

ACCESS: Final = "access"
"""Access tokens (JWT)."""
CREDENTIAL: Final = "credential"
"""Verifiable credentials."""
URLS: Final = "urls"
"""Signed download addresses."""
PURPOSES: Final = (ACCESS, CREDENTIAL, LICENCE, LOG, URLS)
KEPT_VERIFYING: Final[Mapping[str, timedelta | None]] = {
    ACCESS: timedelta(hours=2),
    URLS: timedelta(hours=1),
    CREDENTIAL: None,
    LICENCE: None,
    LOG: None,
}
"""How long what a replaced key signed still counts: longer than it lives. Licences and heads of the
log are for ever."""

REFRESH_S: Final = 60.0
SEARCH_PAUSE_S: Final = 1.0
"""How long an unknown key id is not looked for again: a forged one must not cost a query each."""

log = structlog.get_logger("souk.keyring")


class KeyUnknown(Exception):
    """No key of this id verifies for this purpose."""


class _Keys(msgspec.Struct, frozen=True):
    signing: Mapping[str, SigningKey]
    """By purpose."""
    verifying: Mapping[str, tuple[PublicKey, ...]]
    """By purpose, oldest first."""
    read_at: float


class Keyring:
    """The marketplace's signing keys, and sealing under its secret.

    Args:
        database: where the keys are kept.
        secret: 64 hexadecimal digits; whoever has it and the database can sign.
    """

    def __init__(self, database: Database, *, secret: str) -> None:
        self._database = database
        self._sealer = Sealer(secret)
        self._keys: _Keys | None = None
        self._reading = asyncio.Lock()
        self._refresh: asyncio.Task[None] | None = None

    async def load(self) -> None:
        """Reads the keys and makes those that are missing: call it once at start.

        Raises:
            SealBroken: the database's keys were sealed with another secret.
        """
        keys = await self._read(newer_than=None)
        for purpose in PURPOSES:
            if purpose not in keys.signing:
                await self._create(purpose)

    async def current(self, purpose: str) -> SigningKey:
        """The key that signs for this purpose now; made when there is none yet."""
        keys = await self._known()
        key = keys.signing.get(purpose)
        if key is None:
            await self._create(purpose)
            key = (await self._known()).signing[purpose]
        return key

    async def verifiers(self, purpose: str) -> tuple[PublicKey, ...]:
        """Every public key whose signatures still count for this purpose, oldest first."""
        return (await self._known()).verifying.get(purpose, ())

    async def verifier(self, purpose: str, kid: str) -> PublicKey:
        """The public key of this id.

        Raises:
            KeyUnknown: it was never there, belongs to another purpose, or verifies no longer.
        """
        keys = await self._known()
        found = _find(keys, purpose, kid)
        if found is None and time.monotonic() - keys.read_at >= SEARCH_PAUSE_S:
            found = _find(await self._read(newer_than=keys), purpose, kid)
        if found is None:
            raise KeyUnknown(f"{kid!r} is no {purpose} key")
        return found

    async def public_keys(self, *purposes: str) -> tuple[PublicKey, ...]:
        """The keys to publish as a JWK Set (RFC 7517, RFC 8037), purpose by purpose.

        Each purpose has its current key among them, made when there was none.
        """
        for purpose in purposes:
            await self.current(purpose)
        keys = await self._known()
        return tuple(key for purpose in purposes for key in keys.verifying.get(purpose, ()))

    async def rotate(self, purpose: str, *, keep_verifying: timedelta | None = None) -> SigningKey:
        """Makes a new key that signs from now on.

        Other processes sign with the old one for up to a minute more, so it must keep verifying
        longer than that.

        Args:
            purpose: whose key.
            keep_verifying: for how long signatures of the old key still count; None: for ever, as
                licences and heads of the log need.
        """
        old = await self.current(purpose)
        fresh = SigningKey.generate(purpose=purpose)
        async with self._database.transaction(SYSTEM) as uow:
            until = None if keep_verifying is None else uow.now + keep_verifying
            # When another process has rotated this key at the same time, its new key stands.
            if await store.retire_key(
                uow, purpose=purpose, kid=old.public.kid, verifies_until=until
            ):
                await self._add(uow, fresh)
        keys = await self._read(newer_than=self._keys)
        return keys.signing[purpose]

    async def is_older_than(self, uow: UnitOfWork, purpose: str, age: timedelta) -> bool:
        """Whether the key that signs for this purpose was made longer than `age` ago."""
        made_at = await store.made_at(uow, (await self.current(purpose)).public.kid)
        return made_at is not None and uow.now - made_at > age

    def seal(self, purpose: str, data: bytes) -> bytes:
        """Encrypts under a key of this purpose; see `Sealer.seal`."""
        return self._sealer.seal(purpose, data)

    def open(self, purpose: str, sealed: bytes) -> bytes:
        """Decrypts what `seal` made; see `Sealer.open`.

        Raises:
            SealBroken: another secret, another purpose, or changed bytes.
        """
        return self._sealer.open(purpose, sealed)

    def derive(self, purpose: str) -> bytes:
        """32 secret bytes that belong to this purpose alone: for keyed digests."""
        return self._sealer.derive(purpose)

    async def _known(self) -> _Keys:
        """The keys in memory; a read that is due happens beside the caller, not before it."""
        keys = self._keys
        if keys is None:
            return await self._read(newer_than=None)
        due = time.monotonic() - keys.read_at >= REFRESH_S
        if due and (self._refresh is None or self._refresh.done()):
            self._refresh = asyncio.create_task(self._refresh_beside(keys))
        return keys

    async def _refresh_beside(self, keys: _Keys) -> None:
        try:
            await self._read(newer_than=keys)
        except Exception:
            log.exception("signing keys were not refreshed; the known ones stay in use")

    async def _read(self, *, newer_than: _Keys | None) -> _Keys:
        """Reads the keys, once for all callers that ask at the same time."""
        async with self._reading:
            if self._keys is not None and self._keys is not newer_than:
                return self._keys
            read_at = time.monotonic()
            async with self._database.transaction(SYSTEM, read_only=True) as uow:
                rows = await store.keys(uow)
            verifying: dict[str, tuple[PublicKey, ...]] = {}
            for row in rows:
                public = PublicKey.of(row.public_key, purpose=row.purpose)
                verifying[row.purpose] = (*verifying.get(row.purpose, ()), public)
            signing = {row.purpose: self._unseal(row) for row in rows if row.signs_until is None}
            self._keys = _Keys(signing=signing, verifying=verifying, read_at=read_at)
            return self._keys

    async def _create(self, purpose: str) -> None:
        async with self._database.transaction(SYSTEM) as uow:
            await self._add(uow, SigningKey.generate(purpose=purpose))
        await self._read(newer_than=self._keys)

    async def _add(self, uow: UnitOfWork, key: SigningKey) -> None:
        await store.add_key(
            uow,
            kid=key.public.kid,
            purpose=key.public.purpose,
            public_key=key.public.raw(),
            private_key_sealed=self._sealer.seal(
                f"signing-key:{key.public.purpose}", key.private.private_bytes_raw()
            ),
        )

    def _unseal(self, row: store.KeyRow) -> SigningKey:
        seed = self._sealer.open(f"signing-key:{row.purpose}", row.private_key_sealed)
        return SigningKey.from_seed(seed, purpose=row.purpose)


def _find(keys: _Keys, purpose: str, kid: str) -> PublicKey | None:
    return next((key for key in keys.verifying.get(purpose, ()) if key.kid == kid), None)
