"""The ledger against a model of a few lines, in long random stories with repeats and refusals."""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from souk.infra.outbox.store import write_events
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.clock import SystemClock
from souk.kernel.errors import SoukError
from souk.kernel.ids import HoldId, OrganisationId, TransferId
from souk.treasury.ledger.api import Posting, Transfer, external, wallet
from souk.treasury.ledger.service import LedgerService
from souk.treasury.ledger.settings import LedgerSettings
from tests.treasury.books import gift, key, organisation, post

pytestmark = [pytest.mark.database, pytest.mark.slow]

T = TypeVar("T")
PEOPLE = 3
people = st.integers(0, PEOPLE - 1)
amounts = st.integers(1, 120)
doors = st.sampled_from(["post", "submit"])


class Books:
    """A database and a ledger in an event loop of their own, for a test that is not async."""

    def __init__(self, dsn: str) -> None:
        self._runner = asyncio.Runner()
        self.database = Database(dsn, pool_size=4, clock=SystemClock(), write_events=write_events)
        self.ledger = LedgerService(
            self.database, clock=SystemClock(), settings=LedgerSettings(max_batch=4)
        )
        self.run(self.database.open())
        self.run(self.ledger.open())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def close(self) -> None:
        self.run(self.ledger.close())
        self.run(self.database.close())
        self._runner.close()


class Story(RuleBasedStateMachine):
    """Money in, between, on hold and back; the model is three dictionaries."""

    books: Books
    transfers = Bundle("transfers")
    """What was recorded: the transfer and its id."""
    holds = Bundle("holds")

    @initialize()
    def begin(self) -> None:
        self.people = [organisation() for _ in range(PEOPLE)]
        self.available: dict[str, int] = defaultdict(int)
        self.held: dict[str, int] = defaultdict(int)
        self.owed: dict[str, int] = defaultdict(int)
        self.active: dict[HoldId, tuple[OrganisationId, int]] = {}
        self.reversed: set[TransferId] = set()

    @rule(target=transfers, who=people, amount=st.integers(1, 500))
    def deposit(self, who: int, amount: int) -> object:
        taker = self.people[who]
        transfer = Transfer(
            kind="deposit",
            idempotency_key=key(),
            postings=(
                Posting(external("test", "USD"), -amount),
                Posting(wallet(taker, "USD"), amount),
            ),
        )
        return self._recorded(transfer, self._record(transfer, "submit"))

    @rule(target=transfers, door=doors, giver=people, taker=people, amount=amounts)
    def give(self, door: str, giver: int, taker: int, amount: int) -> object:
        if giver == taker:
            return multiple()
        transfer = gift(self.people[giver], self.people[taker], amount)
        outcome = self._record(transfer, door)
        if self.available[self.people[giver]] < amount:
            assert outcome == "insufficient_funds"
            return multiple()
        return self._recorded(transfer, outcome)

    @rule(
        target=transfers,
        moves=st.lists(st.tuples(people, people, amounts), min_size=1, max_size=12),
    )
    def give_many(self, moves: list[tuple[int, int, int]]) -> object:
        gifts = [
            gift(self.people[giver], self.people[taker], amount)
            for giver, taker, amount in moves
            if giver != taker
        ]
        outcomes = self.books.run(self.books.ledger.submit_many(gifts))
        done = []
        for transfer, outcome in zip(gifts, outcomes, strict=True):
            giver, amount = transfer.postings[0].account.name, transfer.postings[1].amount_minor
            if self.available[giver] < amount:
                assert isinstance(outcome, SoukError)
                assert outcome.code == "insufficient_funds"
                assert outcome.extra["available_minor"] == self.available[giver]
            else:
                done.append(self._recorded(transfer, outcome))
        return multiple(*done)

    @rule(recorded=transfers, door=doors)
    def repeat(self, recorded: tuple[Transfer, TransferId], door: str) -> None:
        transfer, transfer_id = recorded
        assert self._record(transfer, door) == transfer_id

    @rule(recorded=transfers, door=doors)
    def reuse_the_key(self, recorded: tuple[Transfer, TransferId], door: str) -> None:
        transfer, _ = recorded
        other = Transfer(
            kind="other",
            idempotency_key=transfer.idempotency_key,
            postings=transfer.postings,
        )
        assert self._record(other, door) == "idempotency_key_reused"

    @rule(recorded=transfers)
    def reverse(self, recorded: tuple[Transfer, TransferId]) -> None:
        transfer, transfer_id = recorded
        outcome = self._try(self._reverse(transfer_id))
        if transfer_id in self.reversed:
            assert outcome == "transfer_reversed"
            return
        assert outcome.startswith("trf_")
        self.reversed.add(transfer_id)
        for posting in transfer.postings:
            if posting.account.kind == "wallet":
                who, back = posting.account.name, -posting.amount_minor
                advanced = max(0, -(self.available[who] + back))
                self.available[who] += back + advanced
                self.owed[who] += advanced

    @rule(who=people)
    def collect(self, who: int) -> None:
        debtor = self.people[who]
        expected = min(self.available[debtor], self.owed[debtor])
        assert self.books.run(self._collect(debtor)) == expected
        self.available[debtor] -= expected
        self.owed[debtor] -= expected

    @rule(target=holds, who=people, amount=amounts)
    def hold(self, who: int, amount: int) -> object:
        owner = self.people[who]
        outcome = self._try(self._hold(owner, amount))
        if self.available[owner] < amount:
            assert outcome == "insufficient_funds"
            return multiple()
        self.available[owner] -= amount
        self.held[owner] += amount
        self.active[HoldId(outcome)] = (owner, amount)
        return HoldId(outcome)

    @rule(hold_id=holds, taker=people, percent=st.sampled_from([30, 50, 80, 100, 150]))
    def capture(self, hold_id: HoldId, taker: int, percent: int) -> None:
        _, whole = self.active.get(hold_id, ("", 50))
        part = max(1, whole * percent // 100)
        outcome = self._try(self._capture(hold_id, self.people[taker], part))
        if hold_id not in self.active:
            assert outcome in {"hold_ended", "hold_exceeded"}
            return
        owner, amount = self.active[hold_id]
        if part > amount:
            assert outcome == "hold_exceeded"
            return
        assert outcome.startswith("trf_")
        del self.active[hold_id]
        self.held[owner] -= amount
        self.available[self.people[taker]] += part
        self.available[owner] += amount - part

    @rule(hold_id=holds)
    def release(self, hold_id: HoldId) -> None:
        self._try(self._release(hold_id))
        if hold_id in self.active:
            owner, amount = self.active.pop(hold_id)
            self.held[owner] -= amount
            self.available[owner] += amount

    @invariant()
    def balances_are_those_of_the_model(self) -> None:
        for who in self.people:
            for found in self.books.run(self._balances(who)):
                assert found.available_minor == self.available[who]
                assert found.held_minor == self.held[who]
                assert found.owed_minor == self.owed[who]

    def teardown(self) -> None:
        assert self.books.run(self._check()) == []

    def _record(self, transfer: Transfer, door: str) -> str:
        books = self.books
        if door == "post":
            return self._try(post(books.database, books.ledger, transfer))
        return self._try(books.ledger.submit(transfer))

    def _recorded(self, transfer: Transfer, outcome: object) -> tuple[Transfer, TransferId]:
        assert isinstance(outcome, str)
        assert outcome.startswith("trf_"), outcome
        for posting in transfer.postings:
            if posting.account.kind == "wallet":
                self.available[posting.account.name] += posting.amount_minor
        return transfer, TransferId(outcome)

    def _try(self, work: Coroutine[Any, Any, str | None]) -> str:
        """What came of it: the id, or the code of the refusal."""
        try:
            return self.books.run(work) or ""
        except SoukError as refusal:
            return refusal.code

    async def _reverse(self, transfer_id: TransferId) -> str:
        async with self.books.database.transaction(SYSTEM) as uow:
            return await self.books.ledger.reverse(
                uow, transfer_id, kind="refund", idempotency_key=key()
            )

    async def _collect(self, debtor: OrganisationId) -> int:
        async with self.books.database.transaction(SYSTEM) as uow:
            return await self.books.ledger.collect_debt(uow, debtor, "USD")

    async def _hold(self, owner: OrganisationId, amount: int) -> str:
        async with self.books.database.transaction(SYSTEM) as uow:
            return await self.books.ledger.hold(
                uow,
                organisation_id=owner,
                currency="USD",
                amount_minor=amount,
                expires_at=uow.now + timedelta(days=1),
                idempotency_key=key(),
            )

    async def _capture(self, hold_id: HoldId, taker: str, part: int) -> str:
        async with self.books.database.transaction(SYSTEM) as uow:
            return await self.books.ledger.capture(
                uow,
                hold_id,
                to=[Posting(wallet(taker, "USD"), part)],
                kind="rental",
                idempotency_key=key(),
            )

    async def _release(self, hold_id: HoldId) -> None:
        async with self.books.database.transaction(SYSTEM) as uow:
            await self.books.ledger.release(uow, hold_id)

    async def _balances(self, who: OrganisationId) -> list[Any]:
        async with self.books.database.transaction(SYSTEM) as uow:
            return list(await self.books.ledger.balances(uow, who))

    async def _check(self) -> list[str]:
        async with self.books.database.transaction(SYSTEM) as uow:
            return await self.books.ledger.check_invariants(uow)


def test_the_ledger_agrees_with_its_model(app_dsn: str) -> None:
    books = Books(app_dsn)
    try:
        run_state_machine_as_test(
            type("Told", (Story,), {"books": books}),
            settings=settings(
                max_examples=25,
                stateful_step_count=30,
                deadline=None,
                phases=[Phase.explicit, Phase.reuse, Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        books.close()
