"""Idempotency-Key: the same key and request replays the same answer.

The note of an answer is written in the transaction of the effect, so there is never one without
the other. A second request with the key waits on the first one's row; a failed request leaves no
note, so it can be tried again. Follows draft-ietf-httpapi-idempotency-key-header-07.

A handler with transactions of its own has its note written around them: claimed before, kept
after. A repeat meanwhile is told to come back; one after a crash between the two runs again, which
such handlers bear.
"""

import hashlib
from datetime import timedelta
from typing import Final, Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork, json_value
from souk.kernel.errors import Conflict, Malformed

MAX_KEY_LENGTH: Final = 255
KEPT_FOR: Final = timedelta(hours=24)
ABANDONED_AFTER: Final = timedelta(seconds=60)
"""A request that was claimed ahead and never answered is taken for dead after so long."""
_PURPOSE: Final = "idempotency"


class Sealer(Protocol):
    """Encrypts what is kept at rest (the keyring implements it)."""

    def seal(self, purpose: str, plain: bytes) -> bytes:
        """Authenticated encryption under a key for this purpose."""
        ...

    def open(self, purpose: str, sealed: bytes) -> bytes:
        """The plain bytes again."""
        ...


class KeptAnswer(msgspec.Struct, frozen=True):
    """An answer as it left."""

    status: int
    headers: dict[str, str]
    body: bytes


class _Note(msgspec.Struct, frozen=True):
    request_hash: bytes
    status: int | None
    headers: dict[str, str] | None
    answer: bytes | None


def check_key(key: str) -> str:
    """The key, when it is one.

    Raises:
        Malformed: `idempotency_key_invalid`.
    """
    if not 1 <= len(key) <= MAX_KEY_LENGTH or not key.isascii() or not key.isprintable():
        raise Malformed(
            "idempotency_key_invalid",
            f"Idempotency-Key must be 1 to {MAX_KEY_LENGTH} printable ASCII characters.",
        )
    return key


def hash_request(method: str, path: str, body: bytes) -> bytes:
    """What makes two requests the same."""
    head = f"{method} {path}\n".encode()
    return hashlib.sha256(head + body).digest()


async def claim(
    uow: UnitOfWork, *, caller: str, key: str, request_hash: bytes, sealer: Sealer
) -> KeptAnswer | None:
    """Takes the key for this transaction (None), or gives the answer it already has.

    Raises:
        Conflict: `idempotency_key_reused` when the key belongs to another request.
    """
    mine = await uow.execute(
        """
        INSERT INTO infra.idempotency (caller, key, request_hash, created_at)
        VALUES (%(caller)s, %(key)s, %(hash)s, %(now)s) ON CONFLICT DO NOTHING
        """,
        caller=caller,
        key=key,
        hash=request_hash,
        now=uow.now,
    )
    if mine:
        return None
    return await _answer_of(uow, caller=caller, key=key, request_hash=request_hash, sealer=sealer)


async def claim_ahead(
    uow: UnitOfWork, *, caller: str, key: str, request_hash: bytes, sealer: Sealer
) -> KeptAnswer | None:
    """Takes the key for a request that runs after this transaction (None), or gives the answer
    it already has.

    Raises:
        Conflict: `idempotency_key_reused` as above; `idempotency_key_in_use` while the first
            request with the key is at work, with `retry_after_s`.
    """
    mine = await uow.execute(
        """
        INSERT INTO infra.idempotency AS known (caller, key, request_hash, created_at)
        VALUES (%(caller)s, %(key)s, %(hash)s, %(now)s)
        ON CONFLICT (caller, key) DO UPDATE SET created_at = %(now)s
        WHERE known.status IS NULL AND known.request_hash = %(hash)s
            AND known.created_at < %(abandoned)s
        """,
        caller=caller,
        key=key,
        hash=request_hash,
        now=uow.now,
        abandoned=uow.now - ABANDONED_AFTER,
    )
    if mine:
        return None
    return await _answer_of(uow, caller=caller, key=key, request_hash=request_hash, sealer=sealer)


async def let_go(uow: UnitOfWork, *, caller: str, key: str) -> None:
    """Gives back a key that was claimed ahead for a request that failed."""
    await uow.execute(
        """
        DELETE FROM infra.idempotency
        WHERE caller = %(caller)s AND key = %(key)s AND status IS NULL
        """,
        caller=caller,
        key=key,
    )


async def _answer_of(
    uow: UnitOfWork, *, caller: str, key: str, request_hash: bytes, sealer: Sealer
) -> KeptAnswer:
    note = await uow.one(
        _Note,
        """
        SELECT request_hash, status, headers, answer FROM infra.idempotency
        WHERE caller = %(caller)s AND key = %(key)s
        """,
        caller=caller,
        key=key,
    )
    if note.request_hash != request_hash:
        raise Conflict(
            "idempotency_key_reused",
            "This Idempotency-Key was used for another request; make a new key for a new request.",
        )
    if note.status is None or note.answer is None:
        raise Conflict(
            "idempotency_key_in_use",
            "The first request with this Idempotency-Key is still at work; repeat it in a moment.",
            retry_after_s=1,
        )
    return KeptAnswer(note.status, note.headers or {}, sealer.open(_PURPOSE, note.answer))


def keep(uow: UnitOfWork, *, caller: str, key: str, answer: KeptAnswer, sealer: Sealer) -> None:
    """Writes the answer beside the effect."""
    uow.write_last(
        """
        UPDATE infra.idempotency
        SET status = %(status)s, headers = %(headers)s, answer = %(answer)s
        WHERE caller = %(caller)s AND key = %(key)s
        """,
        caller=caller,
        key=key,
        status=answer.status,
        headers=json_value(answer.headers),
        answer=sealer.seal(_PURPOSE, answer.body),
    )


async def forget_old(uow: UnitOfWork) -> int:
    """Removes notes past their time."""
    return await uow.execute(
        "DELETE FROM infra.idempotency WHERE created_at < %(before)s", before=uow.now - KEPT_FOR
    )
