"""The SQL of data keys and of the keys that wrap them (all in system scope)."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork


class WrappingKeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A key-encryption key; sealed with the marketplace's secret."""

    id: str
    secret_sealed: bytes


class DataKeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A data key with the key that wraps it."""

    id: bytes
    secret_wrapped: bytes
    wrapping_key_id: str
    secret_sealed: bytes


class StorageKey(msgspec.Struct, frozen=True):
    """A key-encryption key as the operator sees it."""

    id: str
    current: bool
    data_keys: int
    """How many data keys it wraps."""


async def current(uow: UnitOfWork) -> WrappingKeyRow | None:
    """The key that wraps now."""
    return await uow.one_or_none(
        WrappingKeyRow,
        "SELECT id, secret_sealed FROM infra.wrapping_keys WHERE retired_at IS NULL",
    )


async def add_wrapping_key(uow: UnitOfWork, key_id: str, secret_sealed: bytes) -> None:
    """Adds the key that wraps from now on, unless another process was first."""
    await uow.execute(
        """
        INSERT INTO infra.wrapping_keys (id, secret_sealed, created_at)
        VALUES (%(id)s, %(sealed)s, %(now)s)
        ON CONFLICT ((true)) WHERE retired_at IS NULL DO NOTHING
        """,
        id=key_id,
        sealed=secret_sealed,
        now=uow.now,
    )


async def retire(uow: UnitOfWork) -> None:
    """Nothing is wrapped with the current key any more."""
    await uow.execute(
        "UPDATE infra.wrapping_keys SET retired_at = %(now)s WHERE retired_at IS NULL", now=uow.now
    )


async def remove_unused(uow: UnitOfWork, *, before: datetime) -> None:
    """Removes keys that were replaced before then and wrap nothing."""
    await uow.execute(
        """
        DELETE FROM infra.wrapping_keys w WHERE w.retired_at < %(before)s
          AND NOT EXISTS (SELECT 1 FROM infra.data_keys d WHERE d.wrapping_key_id = w.id)
        """,
        before=before,
    )


async def storage_keys(uow: UnitOfWork) -> list[StorageKey]:
    """The wrapping keys, oldest first, with what they wrap."""
    return await uow.all(
        StorageKey,
        """
        SELECT w.id, w.retired_at IS NULL AS current,
            (SELECT count(*) FROM infra.data_keys d WHERE d.wrapping_key_id = w.id) AS data_keys
        FROM infra.wrapping_keys w ORDER BY w.created_at, w.id
        """,
    )


async def find(uow: UnitOfWork, key_id: bytes) -> DataKeyRow | None:
    """A data key."""
    return await uow.one_or_none(
        DataKeyRow,
        """
        SELECT d.id, d.secret_wrapped, d.wrapping_key_id, w.secret_sealed
        FROM infra.data_keys d JOIN infra.wrapping_keys w ON w.id = d.wrapping_key_id
        WHERE d.id = %(id)s
        """,
        id=key_id,
    )


async def add(uow: UnitOfWork, wrapping_key_id: str, keys: Sequence[tuple[bytes, bytes]]) -> None:
    """Adds data keys: ids and wrapped secrets."""
    await uow.execute(
        """
        INSERT INTO infra.data_keys (id, wrapping_key_id, secret_wrapped, created_at)
        SELECT n.id, %(wrapping_key_id)s, n.wrapped, %(now)s
        FROM unnest(%(ids)s::bytea[], %(wrapped)s::bytea[]) AS n(id, wrapped)
        """,
        wrapping_key_id=wrapping_key_id,
        ids=[key_id for key_id, _ in keys],
        wrapped=[wrapped for _, wrapped in keys],
        now=uow.now,
    )


async def outdated(uow: UnitOfWork, wrapping_key_id: str, *, limit: int) -> list[DataKeyRow]:
    """Data keys that another key wraps, held until the transaction ends."""
    return await uow.all(
        DataKeyRow,
        """
        SELECT d.id, d.secret_wrapped, d.wrapping_key_id, w.secret_sealed
        FROM infra.data_keys d JOIN infra.wrapping_keys w ON w.id = d.wrapping_key_id
        WHERE d.wrapping_key_id <> %(current)s
        ORDER BY d.id LIMIT %(limit)s FOR NO KEY UPDATE OF d SKIP LOCKED
        """,
        current=wrapping_key_id,
        limit=limit,
    )


async def rewrapped(
    uow: UnitOfWork, wrapping_key_id: str, keys: Sequence[tuple[bytes, bytes]]
) -> None:
    """Notes data keys as this key wraps them."""
    await uow.execute(
        """
        UPDATE infra.data_keys d
        SET wrapping_key_id = %(wrapping_key_id)s, secret_wrapped = n.wrapped
        FROM unnest(%(ids)s::bytea[], %(wrapped)s::bytea[]) AS n(id, wrapped)
        WHERE d.id = n.id
        """,
        wrapping_key_id=wrapping_key_id,
        ids=[key_id for key_id, _ in keys],
        wrapped=[wrapped for _, wrapped in keys],
    )


async def remove(uow: UnitOfWork, key_ids: Sequence[bytes]) -> None:
    """Removes data keys."""
    await uow.execute("DELETE FROM infra.data_keys WHERE id = ANY(%(ids)s)", ids=list(key_ids))
