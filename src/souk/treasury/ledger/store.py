"""The ledger's SQL. Writing goes through `ledger.open_accounts` and `ledger.record`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from souk.infra.postgres.uow import LastAnswer, UnitOfWork
from souk.kernel.ids import OrganisationId, TransferId
from souk.treasury.ledger.api import AccountKind, AccountRef, Balance, StatementLine
from souk.treasury.ledger.model import Verdict


class RecordedPosting(msgspec.Struct, frozen=True):
    """A posting of a transfer that is to be reversed, with the locked state of its account."""

    kind: AccountKind
    name: str
    currency: str
    amount_minor: int
    balance_minor: int | None
    """None where the account has no floor."""
    reverses: TransferId | None
    """What the posting's transfer itself reverses."""


class Debt(msgspec.Struct, frozen=True):
    """What a locked wallet has, and what its organisation owes the platform."""

    available_minor: int
    owed_minor: int


class NumberedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A statement line with its place in the books."""

    number: int
    account_id: int
    transfer_id: TransferId
    kind: str
    amount_minor: int
    currency: str
    balance_after_minor: int
    note: str
    reference: str | None
    created_at: datetime

    def line(self) -> StatementLine:
        return StatementLine(
            transfer_id=self.transfer_id,
            kind=self.kind,
            amount_minor=self.amount_minor,
            currency=self.currency,
            balance_after_minor=self.balance_after_minor,
            note=self.note,
            reference=self.reference,
            created_at=self.created_at,
        )


class Debtor(msgspec.Struct, frozen=True):
    """Who owes, and has something."""

    organisation_id: OrganisationId
    currency: str


_LAST: Final = 2**63 - 1
_RECORD: Final = """
    SELECT ledger.record(
        %(ids)s::text[], %(kinds)s::text[], %(keys)s::text[], %(hashes)s::bytea[],
        %(references)s::text[], %(notes)s::text[], %(reversals)s::text[], %(at)s,
        %(positions)s::integer[], %(accounts)s::bigint[], %(amounts)s::bigint[]
    )
"""


async def open_accounts(uow: UnitOfWork, accounts: Sequence[AccountRef]) -> list[int]:
    """The ids of accounts, in order; those that are not there yet are made."""
    return await uow.values(
        """
        SELECT id FROM ledger.open_accounts(
            %(kinds)s::text[], %(names)s::text[], %(currencies)s::text[]
        )
        """,
        kinds=[account.kind for account in accounts],
        names=[account.name for account in accounts],
        currencies=[account.currency for account in accounts],
    )


async def record(uow: UnitOfWork, arguments: dict[str, object]) -> Verdict | None:
    """Records a batch, all or none; None when recorded, else why not."""
    found = await uow.value(_RECORD, at=uow.now, **arguments)
    return None if found is None else msgspec.convert(found, Verdict, strict=False)


def record_last(uow: UnitOfWork, arguments: dict[str, object]) -> LastAnswer:
    """Records a batch together with the commit; the answer is None when it was recorded."""
    return uow.write_last(_RECORD, at=uow.now, **arguments)


async def known_transfer(uow: UnitOfWork, key: str) -> tuple[TransferId, str] | None:
    """Id and content hash of the transfer that has this idempotency key, when in scope."""
    found = await uow.dicts(
        """
        SELECT id, encode(content_hash, 'hex') AS content_hash
        FROM ledger.transfers WHERE idempotency_key = %(key)s
        """,
        key=key,
    )
    return (TransferId(found[0]["id"]), str(found[0]["content_hash"])) if found else None


async def lock_for_reversal(uow: UnitOfWork, transfer_id: TransferId) -> list[RecordedPosting]:
    """A transfer's postings, whoever owns them, with their accounts locked; empty if unknown."""
    return await uow.all(
        RecordedPosting,
        """
        SELECT kind, name, currency, amount_minor, balance_minor, reverses
        FROM ledger.lock_for_reversal(%(transfer_id)s)
        """,
        transfer_id=transfer_id,
    )


async def lock_debt(uow: UnitOfWork, organisation_id: str, currency: str) -> Debt | None:
    """Locks a wallet and reads it together with the debt beside it; None without a wallet."""
    return await uow.one_or_none(
        Debt,
        """
        SELECT available_minor, owed_minor
        FROM ledger.lock_debt(%(organisation_id)s, %(currency)s)
        """,
        organisation_id=organisation_id,
        currency=currency,
    )


async def collectable_debts(uow: UnitOfWork, *, limit: int) -> list[Debtor]:
    """Debts with money beside them, in the order in which wallets are locked."""
    return await uow.all(
        Debtor,
        """
        SELECT o.name AS organisation_id, o.currency
        FROM ledger.accounts o
            JOIN ledger.accounts w ON w.name = o.name AND w.kind = 'wallet'
                AND w.currency = o.currency
            JOIN ledger.funds f ON f.account_id = w.id AND f.balance_minor > 0
        WHERE o.kind = 'owed' AND (
            SELECT sum(s.balance_minor) FROM ledger.stripes s WHERE s.account_id = o.id
        ) < 0
        ORDER BY w.id LIMIT %(limit)s
        """,
        limit=limit,
    )


async def balances(uow: UnitOfWork, organisation_id: str) -> list[Balance]:
    """Balances by currency."""
    return await uow.all(
        Balance,
        """
        SELECT currency,
            coalesce(sum(balance_minor) FILTER (WHERE kind = 'wallet'), 0)::bigint
                AS available_minor,
            coalesce(sum(balance_minor) FILTER (WHERE kind = 'held'), 0)::bigint AS held_minor,
            coalesce(-sum(balance_minor) FILTER (WHERE kind = 'owed'), 0)::bigint AS owed_minor
        FROM ledger.balances
        WHERE name = %(organisation_id)s AND owner_organisation_id = %(organisation_id)s
        GROUP BY currency ORDER BY currency
        """,
        organisation_id=organisation_id,
    )


async def statement(
    uow: UnitOfWork,
    organisation_id: str,
    currency: str | None,
    *,
    before: tuple[int, int] | None,
    limit: int,
) -> list[NumberedLine]:
    """A wallet's postings, newest first, from before a place in the books.

    Args:
        before: transfer number and account id of the last line already seen.
    """
    number, account_id = before or (_LAST, _LAST)
    return await uow.all(
        NumberedLine,
        """
        SELECT t.number, a.id AS account_id, t.id AS transfer_id, t.kind, p.amount_minor,
            a.currency, p.balance_after_minor, t.note, t.reference, t.created_at
        FROM ledger.accounts a
            JOIN ledger.postings p ON p.account_id = a.id
            JOIN ledger.transfers t ON t.number = p.transfer_number
        WHERE a.name = %(organisation_id)s AND a.owner_organisation_id = %(organisation_id)s
            AND a.kind = 'wallet'
            AND (%(currency)s::text IS NULL OR a.currency = %(currency)s)
            AND (p.transfer_number, p.account_id) < (%(number)s::bigint, %(account_id)s::bigint)
        ORDER BY p.transfer_number DESC, p.account_id DESC LIMIT %(limit)s
        """,
        organisation_id=organisation_id,
        currency=currency,
        number=number,
        account_id=account_id,
        limit=limit,
    )
