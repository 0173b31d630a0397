"""Short words for what ledger tests do over and over."""

import itertools
import os
from datetime import UTC, datetime

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM, Scope
from souk.kernel.ids import OrganisationId, TransferId, new_id
from souk.treasury.ledger.api import Balance, Posting, Transfer, external, platform, wallet
from souk.treasury.ledger.service import LedgerService

_numbers = itertools.count(1)


def organisation() -> OrganisationId:
    return OrganisationId(new_id("org", datetime.now(UTC)))


def key() -> str:
    """A fresh idempotency key."""
    return f"test:{os.getpid()}:{next(_numbers)}"


def scope(*organisation_ids: str) -> Scope:
    return Scope(organisation_ids=organisation_ids)


def move(
    source: str, target: str, amount_minor: int, *, currency: str = "USD"
) -> tuple[Posting, Posting]:
    return (
        Posting(wallet(source, currency), -amount_minor),
        Posting(wallet(target, currency), amount_minor),
    )


def gift(
    source: str,
    target: str,
    amount_minor: int,
    *,
    currency: str = "USD",
    idempotency_key: str | None = None,
) -> Transfer:
    return Transfer(
        kind="transfer",
        idempotency_key=idempotency_key or key(),
        postings=move(source, target, amount_minor, currency=currency),
    )


def sale(buyer: str, seller: str, amount_minor: int) -> tuple[Posting, ...]:
    """85 % to the seller, the rest to the platform, 5 % of the whole of it for compliance."""
    seller_minor, compliance_minor = amount_minor * 85 // 100, amount_minor * 5 // 100
    return (
        Posting(wallet(buyer, "USD"), -amount_minor),
        Posting(wallet(seller, "USD"), seller_minor),
        Posting(platform("revenue", "USD"), amount_minor - seller_minor - compliance_minor),
        Posting(platform("compliance", "USD"), compliance_minor),
    )


async def fund(
    ledger: LedgerService, organisation_id: str, amount_minor: int, *, currency: str = "USD"
) -> TransferId:
    """Money from outside."""
    return await ledger.submit(
        Transfer(
            kind="deposit",
            idempotency_key=key(),
            postings=(
                Posting(external("test", currency), -amount_minor),
                Posting(wallet(organisation_id, currency), amount_minor),
            ),
        )
    )


async def post(database: Database, ledger: LedgerService, transfer: Transfer) -> TransferId:
    """Through the first door, in a transaction of its own."""
    async with database.transaction(SYSTEM) as uow:
        return await ledger.post(
            uow,
            kind=transfer.kind,
            idempotency_key=transfer.idempotency_key,
            postings=transfer.postings,
            reference=transfer.reference,
            note=transfer.note,
        )


async def balance(
    database: Database, ledger: LedgerService, organisation_id: str, *, currency: str = "USD"
) -> Balance:
    async with database.transaction(scope(organisation_id)) as uow:
        found = await ledger.balances(uow, OrganisationId(organisation_id))
    empty = Balance(currency=currency, available_minor=0, held_minor=0, owed_minor=0)
    return next((each for each in found if each.currency == currency), empty)


async def available(
    database: Database, ledger: LedgerService, organisation_id: str, *, currency: str = "USD"
) -> int:
    return (await balance(database, ledger, organisation_id, currency=currency)).available_minor
