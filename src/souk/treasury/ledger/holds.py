"""Holds: money of a wallet set aside, then captured once, released, or expired."""

from collections.abc import Sequence
from datetime import datetime

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import Invalid
from souk.kernel.ids import HoldId, OrganisationId, TransferId, new_id
from souk.kernel.money import check_amount
from souk.treasury.ledger import errors, hold_store, store
from souk.treasury.ledger.api import Posting, Transfer, held, wallet
from souk.treasury.ledger.books import Books, id_or_raise
from souk.treasury.ledger.hold_store import Hold
from souk.treasury.ledger.model import Entry, entry_of


class Holds:
    """The life of holds. The hold's row is locked before its accounts, always."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def place(
        self,
        uow: UnitOfWork,
        *,
        organisation_id: OrganisationId,
        currency: str,
        amount_minor: int,
        expires_at: datetime,
        idempotency_key: str,
        reference: str | None,
        note: str,
    ) -> HoldId:
        if expires_at <= uow.now:
            raise Invalid("hold_invalid", "A hold must end in the future.")
        entry = entry_of(
            Transfer(
                kind="hold",
                idempotency_key=idempotency_key,
                postings=(
                    Posting(wallet(organisation_id, currency), -check_amount(amount_minor)),
                    Posting(held(organisation_id, currency), amount_minor),
                ),
                reference=reference,
                note=note,
            ),
            uow.now,
        )
        placed_by = id_or_raise(await self._books.record_one(uow, entry))
        hold = Hold(
            id=HoldId(new_id("hld", uow.now)),
            owner_organisation_id=organisation_id,
            currency=currency,
            amount_minor=amount_minor,
            state="active",
            ended_by=None,
            reference=reference,
            expires_at=expires_at,
        )
        return await hold_store.add(uow, hold, idempotency_key=idempotency_key, placed_by=placed_by)

    async def capture(
        self,
        uow: UnitOfWork,
        hold_id: HoldId,
        *,
        to: Sequence[Posting],
        kind: str,
        idempotency_key: str,
        reference: str | None,
        note: str,
    ) -> TransferId:
        hold = await self._lock(uow, hold_id)
        entry = entry_of(
            Transfer(
                kind=kind,
                idempotency_key=idempotency_key,
                postings=_capture_postings(hold, to),
                reference=reference if reference is not None else hold.reference,
                note=note,
            ),
            uow.now,
        )
        if hold.state != "active":
            known = await store.known_transfer(uow, idempotency_key)
            if known == (hold.ended_by, entry.content_hash):
                return known[0]
            raise errors.hold_ended(hold_id)
        if hold.expires_at <= uow.now:
            raise errors.hold_expired(hold_id)
        transfer_id = id_or_raise(await self._books.record_one(uow, entry))
        await hold_store.end(uow, [(hold_id, transfer_id)], state="captured")
        return transfer_id

    async def release(self, uow: UnitOfWork, hold_id: HoldId) -> None:
        hold = await self._lock(uow, hold_id)
        if hold.state == "captured":
            raise errors.hold_ended(hold_id)
        if hold.state == "active":
            await self._give_back(uow, [hold])

    async def expire(self, uow: UnitOfWork, *, limit: int) -> int:
        due = await hold_store.lock_due(uow, limit=limit)
        if due:
            await self._give_back(uow, due)
        return len(due)

    async def _lock(self, uow: UnitOfWork, hold_id: HoldId) -> Hold:
        hold = await hold_store.lock(uow, hold_id)
        if hold is None:
            raise errors.hold_unknown(hold_id)
        return hold

    async def _give_back(self, uow: UnitOfWork, holds: Sequence[Hold]) -> None:
        entries = [_release_entry(hold, uow.now) for hold in holds]
        outcomes = await self._books.record(uow, entries)
        ended = [
            (hold.id, id_or_raise(outcome)) for hold, outcome in zip(holds, outcomes, strict=True)
        ]
        await hold_store.end(uow, ended, state="released")


def _capture_postings(hold: Hold, to: Sequence[Posting]) -> tuple[Posting, ...]:
    """The held money to those who get it, and what is left back to the wallet."""
    for posting in to:
        check_amount(posting.amount_minor)
        if posting.account.currency != hold.currency:
            raise Invalid(
                "hold_invalid",
                f"The hold is in {hold.currency}; {posting.account.currency} cannot come from it.",
            )
    asked_minor = sum(posting.amount_minor for posting in to)
    if asked_minor > hold.amount_minor:
        raise errors.hold_exceeded(held_minor=hold.amount_minor, asked_minor=asked_minor)
    owner = hold.owner_organisation_id
    postings = [Posting(held(owner, hold.currency), -hold.amount_minor), *to]
    if rest_minor := hold.amount_minor - asked_minor:
        postings.append(Posting(wallet(owner, hold.currency), rest_minor))
    return tuple(postings)


def _release_entry(hold: Hold, at: datetime) -> Entry:
    owner, currency = hold.owner_organisation_id, hold.currency
    return entry_of(
        Transfer(
            kind="release",
            idempotency_key=f"release:{hold.id}",
            postings=(
                Posting(held(owner, currency), -hold.amount_minor),
                Posting(wallet(owner, currency), hold.amount_minor),
            ),
            reference=hold.reference,
        ),
        at,
    )
