"""The SQL of deposits."""

from datetime import datetime
from typing import Literal

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.ids import DepositId, OrganisationId, TransferId
from souk_client.contracts.treasury import Deposit


class DepositRow(msgspec.Struct, frozen=True, kw_only=True):
    """A deposit as it is kept."""

    id: DepositId
    owner_organisation_id: OrganisationId
    amount_minor: int
    currency: str
    provider: str
    provider_reference: str
    state: Literal["pending", "settled", "failed"]
    transfer_id: TransferId | None
    next_url: str | None
    failure: str | None
    created_by: str
    created_at: datetime
    settled_at: datetime | None

    def answer(self) -> Deposit:
        return Deposit(
            id=self.id,
            organisation_id=self.owner_organisation_id,
            amount_minor=self.amount_minor,
            currency=self.currency,
            provider=self.provider,
            state=self.state,
            transfer_id=self.transfer_id,
            next_url=self.next_url if self.state == "pending" else None,
            failure=self.failure,
            created_at=self.created_at,
        )


_COLUMNS = (
    "id, owner_organisation_id, amount_minor, currency, provider, provider_reference, state, "
    "transfer_id, next_url, failure, created_by, created_at, settled_at"
)


async def add(uow: UnitOfWork, row: DepositRow) -> None:
    """Notes a deposit that has begun."""
    await uow.execute(
        """
        INSERT INTO payments.deposits (
            id, owner_organisation_id, amount_minor, currency, provider, provider_reference,
            next_url, created_by, created_at
        ) VALUES (
            %(id)s, %(owner)s, %(amount_minor)s, %(currency)s, %(provider)s, %(reference)s,
            %(next_url)s, %(created_by)s, %(created_at)s
        )
        """,
        id=row.id,
        owner=row.owner_organisation_id,
        amount_minor=row.amount_minor,
        currency=row.currency,
        provider=row.provider,
        reference=row.provider_reference,
        next_url=row.next_url,
        created_by=row.created_by,
        created_at=row.created_at,
    )


async def get(uow: UnitOfWork, deposit_id: str) -> DepositRow | None:
    """A deposit in scope."""
    return await uow.one_or_none(
        DepositRow, f"SELECT {_COLUMNS} FROM payments.deposits WHERE id = %(id)s", id=deposit_id
    )


async def lock_by_reference(uow: UnitOfWork, provider: str, reference: str) -> DepositRow | None:
    """The deposit that a provider speaks of, locked until the transaction ends."""
    return await uow.one_or_none(
        DepositRow,
        f"""
        SELECT {_COLUMNS} FROM payments.deposits
        WHERE provider = %(provider)s AND provider_reference = %(reference)s
        FOR UPDATE
        """,
        provider=provider,
        reference=reference,
    )


async def mark_settled(uow: UnitOfWork, deposit_id: DepositId, transfer_id: TransferId) -> None:
    """The money is in the wallet."""
    await uow.execute(
        """
        UPDATE payments.deposits
        SET state = 'settled', transfer_id = %(transfer_id)s, settled_at = %(now)s
        WHERE id = %(id)s
        """,
        id=deposit_id,
        transfer_id=transfer_id,
        now=uow.now,
    )


async def mark_failed(uow: UnitOfWork, deposit_id: DepositId, reason: str) -> None:
    """No money came."""
    await uow.execute(
        """
        UPDATE payments.deposits SET state = 'failed', failure = %(reason)s, settled_at = %(now)s
        WHERE id = %(id)s
        """,
        id=deposit_id,
        reason=reason[:500],
        now=uow.now,
    )
