"""What other contexts may call: accounts, transfers through two doors, holds, balances, statements.

A transfer is two or more postings that sum to zero in every currency. It is recorded whole or not
at all, and never changed: a correction is a reversal.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import SoukError
from souk.kernel.ids import HoldId, OrganisationId, TransferId
from souk.kernel.paging import DEFAULT_LIMIT, Page

AccountKind = Literal["wallet", "held", "owed", "platform", "external"]


class AccountRef(msgspec.Struct, frozen=True, cache_hash=True):
    """An account by what it is for; it comes into being at its first posting."""

    kind: AccountKind
    name: str
    """The organisation's id, the platform account's name, or the outside provider's name."""
    currency: str


def wallet(organisation_id: str, currency: str) -> AccountRef:
    """Money an organisation may spend. Never below zero."""
    return AccountRef("wallet", organisation_id, currency)


def held(organisation_id: str, currency: str) -> AccountRef:
    """An organisation's money on hold. Never below zero; use `Ledger.hold` and `capture`."""
    return AccountRef("held", organisation_id, currency)


def owed(organisation_id: str, currency: str) -> AccountRef:
    """What the platform advanced for an organisation: zero, or negative while it owes."""
    return AccountRef("owed", organisation_id, currency)


def platform(name: str, currency: str) -> AccountRef:
    """The platform's own account, such as `revenue` or `compliance`."""
    return AccountRef("platform", name, currency)


def external(provider: str, currency: str) -> AccountRef:
    """The outside world behind a payment provider; negative by all the money that came in."""
    return AccountRef("external", provider, currency)


class Posting(msgspec.Struct, frozen=True):
    """One side of a transfer: positive puts money into the account, negative takes it out."""

    account: AccountRef
    amount_minor: int


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer to be recorded. Postings to the same account are added together."""

    kind: str
    """A word for statements: `sale`, `refund`, `deposit`, `usage`."""
    idempotency_key: str
    """Unique across the ledger; start it with the thing's kind: `sale:ord_…`."""
    postings: tuple[Posting, ...]
    reference: str | None = None
    """What it is for, such as an order id."""
    note: str = ""
    """For people, on the statement."""


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """What an organisation has in one currency."""

    currency: str
    available_minor: int
    held_minor: int
    owed_minor: int
    """What the platform advanced and gets back first; zero or positive."""


class StatementLine(msgspec.Struct, frozen=True, kw_only=True):
    """One posting on a wallet, and the balance it left."""

    transfer_id: TransferId
    kind: str
    amount_minor: int
    currency: str
    balance_after_minor: int
    note: str
    reference: str | None
    created_at: datetime


class Ledger(Protocol):
    """The books.

    Every money-moving call may raise:
        PaymentNeeded: `insufficient_funds` with `currency`, `available_minor`, `needed_minor`.
        Conflict: `idempotency_key_reused` when the key was used for something else.
        Invalid: `transfer_unbalanced`, `transfer_empty`, `amount_invalid`, `currency_unknown`,
            `transfer_invalid`, `balance_overflow`.
    A repeat with the same key and the same content moves nothing and gives the first answer.
    """

    async def post(
        self,
        uow: UnitOfWork,
        *,
        kind: str,
        idempotency_key: str,
        postings: Sequence[Posting],
        reference: str | None = None,
        note: str = "",
        transfer_id: TransferId | None = None,
    ) -> TransferId:
        """Records a transfer inside the caller's transaction.

        Call it as the last statement before the commit: it locks the wallets it touches (in the
        order of their ids) until the transaction ends. The platform's accounts are never locked.
        After an error the transaction must be rolled back.

        Args:
            transfer_id: the id it shall have, where rows written before already name it.
        """
        ...

    async def reverse(
        self,
        uow: UnitOfWork,
        transfer_id: TransferId,
        *,
        kind: str,
        idempotency_key: str,
        reference: str | None = None,
        note: str = "",
    ) -> TransferId:
        """Records the exact opposite of a transfer, once only.

        Where a wallet no longer has the money, the platform advances the missing part: it is posted
        to the organisation's `owed` account, which goes below zero, and is collected later.

        Raises:
            NotFound: `transfer_unknown`.
            Conflict: `transfer_reversed` when it already was; `reversal_final` for a reversal.
        """
        ...

    async def submit(self, transfer: Transfer) -> TransferId:
        """Records a transfer that stands alone; returns once it is durable.

        Many callers' transfers share one commit; one that fails, fails alone.

        Raises:
            Unavailable: `ledger_closed` while the process stops.
        """
        ...

    async def submit_many(self, transfers: Sequence[Transfer]) -> list[TransferId | SoukError]:
        """Records many independent transfers; answers for each its id, or why it failed."""
        ...

    async def hold(
        self,
        uow: UnitOfWork,
        *,
        organisation_id: OrganisationId,
        currency: str,
        amount_minor: int,
        expires_at: datetime,
        idempotency_key: str,
        reference: str | None = None,
        note: str = "",
    ) -> HoldId:
        """Sets money of a wallet aside until it is captured, released, or expires."""
        ...

    async def capture(
        self,
        uow: UnitOfWork,
        hold_id: HoldId,
        *,
        to: Sequence[Posting],
        kind: str,
        idempotency_key: str,
        reference: str | None = None,
        note: str = "",
    ) -> TransferId:
        """Pays from a hold, once; what `to` leaves over goes back to the wallet.

        Args:
            to: who gets how much: positive amounts in the hold's currency.

        Raises:
            NotFound: `hold_unknown`.
            Conflict: `hold_ended`; `hold_exceeded` when `to` is more than is held.
            Gone: `hold_expired`.
        """
        ...

    async def release(self, uow: UnitOfWork, hold_id: HoldId) -> None:
        """Gives the money of a hold back to its wallet; harmless when already released.

        Raises:
            NotFound: `hold_unknown`.
            Conflict: `hold_ended` when it was captured.
        """
        ...

    async def expire_holds(self, uow: UnitOfWork, *, limit: int = 100) -> int:
        """Releases holds whose time is over (system scope); answers how many."""
        ...

    async def collect_debt(
        self, uow: UnitOfWork, organisation_id: OrganisationId, currency: str
    ) -> int:
        """Pays back what the platform advanced, as far as the wallet reaches; answers how much."""
        ...

    async def collect_debts(self, uow: UnitOfWork, *, limit: int = 100) -> int:
        """Collects from all who owe and have money (system scope); answers from how many."""
        ...

    async def balances(self, uow: UnitOfWork, organisation_id: OrganisationId) -> list[Balance]:
        """What an organisation has, by currency; empty before its first money."""
        ...

    async def statement(
        self,
        uow: UnitOfWork,
        organisation_id: OrganisationId,
        currency: str | None,
        *,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[StatementLine]:
        """The wallet's postings, newest first, each with the balance it left in its currency.

        Args:
            currency: None for all of them.
        """
        ...

    async def check_invariants(self, uow: UnitOfWork) -> list[str]:
        """Checks all books (system scope); answers what is wrong, in words; empty when sound."""
        ...
