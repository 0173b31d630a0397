"""The licences' SQL. Every query names the organisations of the transaction's scope."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from souk.infra.postgres.uow import UnitOfWork, json_value
from souk_client.proofs import LicensedFile

Kind = Literal["perpetual", "timed", "counted", "seats"]


class LicenceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A licence as it is stored."""

    id: str
    listing_id: str
    listing_address: str
    listing_title: str
    version_id: str
    version: str
    content_sha256: str
    spdx: str | None
    licensee_id: str
    licensee_slug: str
    licensee_name: str
    licensor_id: str
    licensor_slug: str
    licensor_name: str
    order_id: str | None
    kind: Kind
    duration_days: int | None
    transferable: bool
    issued_at: datetime
    valid_from: datetime
    valid_until: datetime | None
    use_limit: int | None
    uses_left: int | None
    seat_limit: int | None
    provenance_entry_id: str
    licensee_salt: str
    revoked_at: datetime | None = None
    revoked_reason: str | None = None
    seats_used: int = 0


class SeatRow(msgspec.Struct, frozen=True, kw_only=True):
    """Who sits where."""

    user_id: str
    user_name: str
    since: datetime


_STORED = tuple(
    field.name
    for field in msgspec.structs.fields(LicenceRow)
    if field.name not in ("seats_used", "revoked_at", "revoked_reason")
)
_COLUMNS = ", ".join(f"l.{name}" for name in (*_STORED, "revoked_at", "revoked_reason"))
_SELECT = f"""
    SELECT {_COLUMNS},
        (SELECT count(*) FROM licences.seats s WHERE s.licence_id = l.id)::integer AS seats_used
    FROM licences.licences l
"""
_VISIBLE = """(%(system)s OR l.licensee_id = ANY(%(organisations)s)
    OR l.licensor_id = ANY(%(organisations)s))"""
_GOOD = """l.revoked_at IS NULL AND (l.valid_until IS NULL OR l.valid_until > %(now)s)
    AND (l.uses_left IS NULL OR l.uses_left > 0)"""


def _scope(uow: UnitOfWork) -> dict[str, object]:
    return {"system": uow.scope.system, "organisations": list(uow.scope.organisation_ids)}


async def add(uow: UnitOfWork, row: LicenceRow, files: Sequence[LicensedFile]) -> None:
    """Stores a licence, and its version's files when no licence has them yet."""
    values = {name: getattr(row, name) for name in _STORED}
    await uow.execute(
        f"""
        WITH content AS (
            INSERT INTO licences.contents (content_sha256, files)
            VALUES (%(content_sha256)s, %(files)s) ON CONFLICT DO NOTHING
        )
        INSERT INTO licences.licences ({", ".join(_STORED)})
        VALUES ({", ".join(f"%({name})s" for name in _STORED)})
        """,
        files=json_value(msgspec.to_builtins(list(files))),
        **values,
    )


async def get(uow: UnitOfWork, licence_id: str) -> LicenceRow | None:
    """A licence that this scope may see."""
    return await uow.one_or_none(
        LicenceRow, f"{_SELECT} WHERE l.id = %(id)s AND {_VISIBLE}", id=licence_id, **_scope(uow)
    )


async def files(uow: UnitOfWork, content_sha256: str) -> tuple[LicensedFile, ...]:
    """The files of a licensed version."""
    found = await uow.value(
        "SELECT files FROM licences.contents WHERE content_sha256 = %(content)s",
        content=content_sha256,
    )
    return msgspec.convert(found, tuple[LicensedFile, ...])


async def page(
    uow: UnitOfWork,
    *,
    organisation_ids: Collection[str],
    side: Literal["licensee", "licensor"],
    listing_id: str | None,
    before: str | None,
    limit: int,
) -> list[LicenceRow]:
    """Licences on one side of these organisations, newest first."""
    clauses = [f"l.{side}_id = ANY(%(ids)s)", _VISIBLE]
    if listing_id is not None:
        clauses.append("l.listing_id = %(listing_id)s")
    if before is not None:
        clauses.append("l.id < %(before)s")
    return await uow.all(
        LicenceRow,
        f"{_SELECT} WHERE {' AND '.join(clauses)} ORDER BY l.id DESC LIMIT %(limit)s",
        ids=list(organisation_ids),
        listing_id=listing_id,
        before=before,
        limit=limit,
        **_scope(uow),
    )


async def find_good(
    uow: UnitOfWork, *, organisation_ids: Collection[str], listing_id: str, user_id: str | None
) -> LicenceRow | None:
    """The good licence that lasts longest; seats count only where this user sits."""
    return await uow.one_or_none(
        LicenceRow,
        f"""
        {_SELECT}
        WHERE l.listing_id = %(listing_id)s AND l.licensee_id = ANY(%(ids)s)
            AND {_VISIBLE} AND {_GOOD}
            AND (l.kind <> 'seats' OR EXISTS (
                SELECT 1 FROM licences.seats s
                WHERE s.licence_id = l.id AND s.user_id = %(user_id)s
            ))
        ORDER BY l.valid_until DESC NULLS FIRST, l.kind = 'counted', l.id LIMIT 1
        """,
        ids=list(organisation_ids),
        listing_id=listing_id,
        user_id=user_id,
        now=uow.now,
        **_scope(uow),
    )


async def take_uses(uow: UnitOfWork, licence_id: str, *, uses: int) -> bool:
    """Takes uses when there are that many and the licence is good; False when not."""
    touched = await uow.execute(
        f"""
        UPDATE licences.licences l SET uses_left = uses_left - %(uses)s
        WHERE l.id = %(id)s AND {_VISIBLE} AND {_GOOD} AND l.uses_left >= %(uses)s
        """,
        id=licence_id,
        uses=uses,
        now=uow.now,
        **_scope(uow),
    )
    return touched == 1


async def revoke(uow: UnitOfWork, licence_id: str, *, reason: str) -> bool:
    """Ends a licence; False when there is none, or it had ended before."""
    touched = await uow.execute(
        f"""
        UPDATE licences.licences l SET revoked_at = %(now)s, revoked_reason = %(reason)s
        WHERE l.id = %(id)s AND {_VISIBLE} AND l.revoked_at IS NULL
        """,
        id=licence_id,
        reason=reason,
        now=uow.now,
        **_scope(uow),
    )
    return touched == 1


async def move(uow: UnitOfWork, row: LicenceRow) -> None:
    """Gives a licence the row's holder, and the entry that says so."""
    await uow.execute(
        """
        UPDATE licences.licences SET licensee_id = %(licensee_id)s,
            licensee_slug = %(licensee_slug)s, licensee_name = %(licensee_name)s,
            licensee_salt = %(licensee_salt)s, provenance_entry_id = %(provenance_entry_id)s
        WHERE id = %(id)s
        """,
        **{
            name: getattr(row, name)
            for name in (
                "id",
                "licensee_id",
                "licensee_slug",
                "licensee_name",
                "licensee_salt",
                "provenance_entry_id",
            )
        },
    )


async def lock(uow: UnitOfWork, licence_id: str) -> None:
    """Lets one transaction at a time change the licence's seats, until it ends."""
    await uow.value(
        "SELECT 1 FROM licences.licences WHERE id = %(id)s FOR NO KEY UPDATE", id=licence_id
    )


async def seats(uow: UnitOfWork, licence_id: str) -> list[SeatRow]:
    """Who sits, by seat number."""
    return await uow.all(
        SeatRow,
        """
        SELECT user_id, user_name, since FROM licences.seats
        WHERE licence_id = %(id)s ORDER BY number
        """,
        id=licence_id,
    )


async def seat_of(uow: UnitOfWork, licence_id: str, user_id: str) -> SeatRow | None:
    """Where this user sits, if so."""
    return await uow.one_or_none(
        SeatRow,
        """
        SELECT user_id, user_name, since FROM licences.seats
        WHERE licence_id = %(id)s AND user_id = %(user_id)s
        """,
        id=licence_id,
        user_id=user_id,
    )


async def take_seat(
    uow: UnitOfWork, licence_id: str, *, seat_limit: int, user_id: str, user_name: str
) -> bool:
    """Seats a user on the lowest free seat; False when all are taken. The licence is locked."""
    touched = await uow.execute(
        """
        INSERT INTO licences.seats (licence_id, number, seat_limit, user_id, user_name, since)
        SELECT %(id)s, free.number, %(seat_limit)s, %(user_id)s, %(user_name)s, %(now)s
        FROM (
            SELECT before.number + 1 AS number
            FROM (
                SELECT 0 AS number
                UNION ALL SELECT number FROM licences.seats WHERE licence_id = %(id)s
            ) AS before
            WHERE NOT EXISTS (
                SELECT 1 FROM licences.seats taken
                WHERE taken.licence_id = %(id)s AND taken.number = before.number + 1
            )
            ORDER BY 1 LIMIT 1
        ) AS free
        WHERE free.number <= %(seat_limit)s
        """,
        id=licence_id,
        seat_limit=seat_limit,
        user_id=user_id,
        user_name=user_name,
        now=uow.now,
    )
    return touched == 1


async def free_seat(uow: UnitOfWork, licence_id: str, user_id: str) -> bool:
    """Frees a user's seat; False when they had none."""
    touched = await uow.execute(
        "DELETE FROM licences.seats WHERE licence_id = %(id)s AND user_id = %(user_id)s",
        id=licence_id,
        user_id=user_id,
    )
    return touched == 1
