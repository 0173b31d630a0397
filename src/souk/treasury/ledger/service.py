"""The ledger's use cases: both doors, reversals, debts, and what an organisation may read."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Final

import psycopg

from souk.infra.postgres.database import Database
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.clock import Clock
from souk.kernel.errors import Invalid, SoukError, Unavailable
from souk.kernel.ids import HoldId, OrganisationId, TransferId, new_id
from souk.kernel.paging import DEFAULT_LIMIT, Page, decode_cursor, page_of
from souk.treasury.ledger import errors, store
from souk.treasury.ledger.api import Balance, Posting, StatementLine, Transfer, owed, wallet
from souk.treasury.ledger.books import Books, id_or_raise
from souk.treasury.ledger.holds import Holds
from souk.treasury.ledger.invariants import check_invariants
from souk.treasury.ledger.model import Entry, Outcome, entry_of
from souk.treasury.ledger.reversal import reversal_of
from souk.treasury.ledger.settings import LedgerSettings
from souk.treasury.ledger.store import NumberedLine
from souk.treasury.ledger.writer import GroupWriter

CHUNK: Final = 100
"""Transfers that `submit_many` makes ready before it lets others run."""


class LedgerService:
    """Implements `souk.treasury.ledger.api.Ledger`.

    `open` and `close` start and end the second door's writer in the running event loop; the rest
    works without.
    """

    def __init__(self, database: Database, *, clock: Clock, settings: LedgerSettings) -> None:
        self._clock = clock
        self._books = Books()
        self._holds = Holds(self._books)
        self._writer = GroupWriter(database, self._books, settings)

    async def open(self) -> None:
        """Opens the second door."""
        self._writer.open()

    async def close(self) -> None:
        """Writes what waits, then closes the second door."""
        await self._writer.close()

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
        transfer = Transfer(
            kind=kind,
            idempotency_key=idempotency_key,
            postings=tuple(postings),
            reference=reference,
            note=note,
        )
        return await self._record(uow, entry_of(transfer, uow.now, transfer_id=transfer_id))

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
        recorded = await store.lock_for_reversal(uow, transfer_id)
        if not recorded:
            raise errors.transfer_unknown(transfer_id)
        if recorded[0].reverses is not None:
            raise errors.reversal_final(transfer_id)
        request = Transfer(
            kind=kind,
            idempotency_key=idempotency_key,
            postings=(),
            reference=reference,
            note=note,
        )
        return await self._record(
            uow, reversal_of(transfer_id, recorded, request=request, at=uow.now)
        )

    async def submit(self, transfer: Transfer) -> TransferId:
        (future,) = await self._writer.hand_in([entry_of(transfer, self._clock.now())])
        return id_or_raise(await future)

    async def submit_many(self, transfers: Sequence[Transfer]) -> list[TransferId | SoukError]:
        outcomes: list[Outcome | asyncio.Future[Outcome]] = []
        rest = iter(transfers)
        while chunk := list(islice(rest, CHUNK)):
            made = _entries(chunk, self._clock.now())
            try:
                futures = iter(
                    await self._writer.hand_in([each for each in made if isinstance(each, Entry)])
                )
                outcomes.extend(next(futures) if isinstance(each, Entry) else each for each in made)
            except Unavailable as refusal:
                outcomes.extend(refusal if isinstance(each, Entry) else each for each in made)
            await asyncio.sleep(0)
        return [
            await outcome if isinstance(outcome, asyncio.Future) else outcome
            for outcome in outcomes
        ]

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
        return await self._holds.place(
            uow,
            organisation_id=organisation_id,
            currency=currency,
            amount_minor=amount_minor,
            expires_at=expires_at,
            idempotency_key=idempotency_key,
            reference=reference,
            note=note,
        )

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
        return await self._holds.capture(
            uow,
            hold_id,
            to=to,
            kind=kind,
            idempotency_key=idempotency_key,
            reference=reference,
            note=note,
        )

    async def release(self, uow: UnitOfWork, hold_id: HoldId) -> None:
        await self._holds.release(uow, hold_id)

    async def expire_holds(self, uow: UnitOfWork, *, limit: int = 100) -> int:
        return await self._holds.expire(uow, limit=limit)

    async def collect_debt(
        self, uow: UnitOfWork, organisation_id: OrganisationId, currency: str
    ) -> int:
        debt = await store.lock_debt(uow, organisation_id, currency)
        amount_minor = 0 if debt is None else min(debt.available_minor, debt.owed_minor)
        if amount_minor > 0:
            await self.post(
                uow,
                kind="debt",
                idempotency_key=f"debt:{new_id('trf', uow.now)}",
                postings=(
                    Posting(wallet(organisation_id, currency), -amount_minor),
                    Posting(owed(organisation_id, currency), amount_minor),
                ),
                note="Paid back what the marketplace had advanced for a refund",
            )
        return amount_minor

    async def collect_debts(self, uow: UnitOfWork, *, limit: int = 100) -> int:
        debts = await store.collectable_debts(uow, limit=limit)
        for debt in debts:
            await self.collect_debt(uow, debt.organisation_id, debt.currency)
        return len(debts)

    async def balances(self, uow: UnitOfWork, organisation_id: OrganisationId) -> list[Balance]:
        return await store.balances(uow, organisation_id)

    async def statement(
        self,
        uow: UnitOfWork,
        organisation_id: OrganisationId,
        currency: str | None,
        *,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[StatementLine]:
        rows = await store.statement(
            uow, organisation_id, currency, before=_place(cursor), limit=limit + 1
        )
        return page_of(rows, limit=limit, key=lambda row: [row.number, row.account_id]).map(
            NumberedLine.line
        )

    async def check_invariants(self, uow: UnitOfWork) -> list[str]:
        return await check_invariants(uow)

    async def _record(self, uow: UnitOfWork, entry: Entry) -> TransferId:
        try:
            return id_or_raise(await self._books.record_one(uow, entry))
        except (psycopg.DataError, psycopg.errors.DeadlockDetected) as error:
            raise errors.from_database(error) from error


def _place(cursor: str | None) -> tuple[int, int] | None:
    """The place in the books that a statement's cursor names: transfer number, account id."""
    key = decode_cursor(cursor, size=2)
    if key is None:
        return None
    number, account_id = key
    if (
        not isinstance(number, int)
        or not isinstance(account_id, int)
        or max(abs(number), abs(account_id)) >= 2**63
    ):
        raise Invalid("cursor_invalid", "Pass next_cursor exactly as a statement gave it.")
    return number, account_id


def _entries(transfers: Sequence[Transfer], at: datetime) -> list[Entry | SoukError]:
    """Each transfer made ready, or why it cannot be."""
    made: list[Entry | SoukError] = []
    for transfer in transfers:
        try:
            made.append(entry_of(transfer, at))
        except SoukError as refusal:
            made.append(refusal)
    return made
