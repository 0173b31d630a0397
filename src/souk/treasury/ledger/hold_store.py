"""The SQL of holds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.ids import HoldId, OrganisationId, TransferId


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """Money set aside."""

    id: HoldId
    owner_organisation_id: OrganisationId
    currency: str
    amount_minor: int
    state: Literal["active", "captured", "released"]
    ended_by: TransferId | None
    reference: str | None
    expires_at: datetime


_COLUMNS = (
    "id, owner_organisation_id, currency, amount_minor, state, ended_by, reference, expires_at"
)


async def add(
    uow: UnitOfWork, hold: Hold, *, idempotency_key: str, placed_by: TransferId
) -> HoldId:
    """Notes a hold whose money was moved; answers the earlier one's id for a repeat."""
    await uow.execute(
        """
        INSERT INTO ledger.holds (
            id, owner_organisation_id, currency, amount_minor, idempotency_key, placed_by,
            reference, created_at, expires_at
        ) VALUES (
            %(id)s, %(owner)s, %(currency)s, %(amount_minor)s, %(key)s, %(placed_by)s,
            %(reference)s, %(now)s, %(expires_at)s
        ) ON CONFLICT (idempotency_key) DO NOTHING
        """,
        id=hold.id,
        owner=hold.owner_organisation_id,
        currency=hold.currency,
        amount_minor=hold.amount_minor,
        key=idempotency_key,
        placed_by=placed_by,
        reference=hold.reference,
        now=uow.now,
        expires_at=hold.expires_at,
    )
    found = await uow.value(
        "SELECT id FROM ledger.holds WHERE idempotency_key = %(key)s", key=idempotency_key
    )
    return HoldId(found)


async def lock(uow: UnitOfWork, hold_id: HoldId) -> Hold | None:
    """A hold in scope, locked until the transaction ends."""
    return await uow.one_or_none(
        Hold,
        f"SELECT {_COLUMNS} FROM ledger.holds WHERE id = %(id)s FOR UPDATE",
        id=hold_id,
    )


async def lock_due(uow: UnitOfWork, *, limit: int) -> list[Hold]:
    """Active holds whose time is over, locked; those that others work on are left out."""
    return await uow.all(
        Hold,
        f"""
        SELECT {_COLUMNS} FROM ledger.holds
        WHERE state = 'active' AND expires_at <= %(now)s
        ORDER BY expires_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        """,
        now=uow.now,
        limit=limit,
    )


async def end(uow: UnitOfWork, ended: Sequence[tuple[HoldId, TransferId]], *, state: str) -> None:
    """Notes the transfers that ended holds."""
    await uow.execute(
        """
        UPDATE ledger.holds SET state = %(state)s, ended_by = e.transfer_id, ended_at = %(now)s
        FROM unnest(%(holds)s::text[], %(transfers)s::text[]) AS e(hold_id, transfer_id)
        WHERE holds.id = e.hold_id
        """,
        state=state,
        now=uow.now,
        holds=[hold_id for hold_id, _ in ended],
        transfers=[transfer_id for _, transfer_id in ended],
    )
