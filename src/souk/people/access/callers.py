"""Callers by credential, remembered for a short time and forgotten the moment something changes."""

import hashlib
import hmac
import math
import os
import time
from collections import OrderedDict
from typing import Final

import msgspec

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Unauthenticated
from souk.kernel.ids import OrganisationId
from souk.people.access import store
from souk.people.access.keys import KeySecrets
from souk.people.access.model import matches, permissions_of, take_apart
from souk.people.access.tokens import Tokens

MAX_REMEMBERED: Final = 20_000


class _Remembered(msgspec.Struct, frozen=True):
    actor: Actor
    row_id: str
    until_s: float


class Callers:
    """Implements the HTTP edge's `Authenticator`.

    What is remembered is found by a keyed digest of the credential, never by the credential.
    """

    def __init__(
        self, database: Database, *, tokens: Tokens, keys: KeySecrets, cache_s: float
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._keys = keys
        self._cache_s = cache_s
        self._digest_key = os.urandom(32)
        self._known: OrderedDict[bytes, _Remembered] = OrderedDict()

    async def by_bearer(self, token: str) -> Actor:
        """The caller behind an access token or a `vk_` key; raises Unauthenticated."""
        if token.startswith("vk_"):
            return await self._by_key(token)
        place = self._place(token)
        known = self._recall(place)
        if known is not None:
            return known
        claims = await self._tokens.read(token)
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            session = await store.session(uow, claims.sid)
            if session is None or session.revoked_at is not None:
                raise Unauthenticated("session_ended", "This session has ended; sign in again.")
            actor = await _actor(uow, session.user_id, credential="token")
            left_s = claims.exp - uow.now.timestamp()
        return self._remember(place, actor, row_id=claims.sid, left_s=left_s)

    async def by_session(self, cookie: str) -> Actor | None:
        """The caller behind a page's cookie; None when it is no longer good."""
        place = self._place(cookie)
        known = self._recall(place)
        if known is not None:
            return known
        try:
            parts = take_apart(cookie, word="sps", prefix="ses")
        except Unauthenticated:
            return None
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            session = await store.session(uow, parts.row_id)
            if (
                session is None
                or session.kind != "page"
                or session.revoked_at is not None
                or session.expires_at <= uow.now
                or not matches(parts.secret, session.secret_hash)
            ):
                return None
            actor = await _actor(uow, session.user_id, credential="session")
        return self._remember(place, actor, row_id=parts.row_id)

    def forget(self, row_id: str | None) -> None:
        """Drops what hangs on a session, key or user; everything when news may have been missed."""
        if row_id is None:
            self._known.clear()
            return
        for place, known in list(self._known.items()):
            if row_id in (known.row_id, known.actor.user_id):
                del self._known[place]

    async def _by_key(self, key: str) -> Actor:
        place = self._place(key)
        known = self._recall(place)
        if known is not None:
            return known
        parts = take_apart(key, word="vk", prefix="key")
        async with self._database.transaction(SYSTEM) as uow:
            row = await store.key(uow, parts.row_id)
            stored = row.secret_hash if row is not None else None
            good = await self._keys.verify(stored, parts.secret)
            if row is None or not good or row.revoked_at is not None:
                raise Unauthenticated("key_unknown", "This API key is not, or no longer, valid.")
            if row.expires_at is not None and row.expires_at <= uow.now:
                raise Unauthenticated("key_expired", "This API key has expired; make a new one.")
            await store.mark_key_used(uow, row.id)
            actor = await _actor(uow, row.user_id, credential="key")
            left_s = (row.expires_at - uow.now).total_seconds() if row.expires_at else math.inf
        return self._remember(place, actor, row_id=row.id, left_s=left_s)

    def _place(self, credential: str) -> bytes:
        return hmac.digest(self._digest_key, credential.encode(), hashlib.sha256)

    def _recall(self, place: bytes) -> Actor | None:
        known = self._known.get(place)
        if known is None or known.until_s < time.monotonic():
            return None
        return known.actor

    def _remember(
        self, place: bytes, actor: Actor, *, row_id: str, left_s: float = math.inf
    ) -> Actor:
        """Keeps a caller for a time, but not longer than the credential itself is good."""
        kept_s = min(self._cache_s, left_s)
        if kept_s > 0:
            self._known[place] = _Remembered(actor, row_id, time.monotonic() + kept_s)
            if len(self._known) > MAX_REMEMBERED:
                self._known.popitem(last=False)
        return actor


async def _actor(uow: UnitOfWork, user_id: str, *, credential: str) -> Actor:
    row = await store.caller(uow, user_id)
    if row is None:
        raise Unauthenticated("account_gone", "This account no longer exists.")
    roles = zip(row.organisation_ids, row.member_roles, strict=True)
    return Actor(
        user_id=row.id,
        name=row.name,
        email=row.email,
        organisation_id=OrganisationId(row.organisation_id),
        memberships={OrganisationId(organisation): role for organisation, role in roles},
        roles=frozenset(row.roles),
        permissions=permissions_of(row.roles),
        credential=credential,
    )
