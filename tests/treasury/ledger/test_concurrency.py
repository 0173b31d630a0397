"""Many at once: races for the last money, the same key from two sides, one failing in a batch."""

import asyncio
import random

import pytest

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.clock import SystemClock
from souk.kernel.errors import PaymentNeeded, SoukError, Unavailable
from souk.treasury.ledger.api import Posting, Transfer, external, wallet
from souk.treasury.ledger.service import LedgerService
from souk.treasury.ledger.settings import LedgerSettings
from tests.treasury.books import available, fund, gift, key, organisation, post, sale

pytestmark = pytest.mark.database


async def test_of_two_racing_for_the_last_balance_one_gets_it(
    database: Database, ledger: LedgerService
) -> None:
    for _ in range(20):
        giver, one, other = organisation(), organisation(), organisation()
        await fund(ledger, giver, 100)
        outcomes = await asyncio.gather(
            post(database, ledger, gift(giver, one, 100)),
            post(database, ledger, gift(giver, other, 100)),
            return_exceptions=True,
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, PaymentNeeded)]
        assert len(refused) == 1
        assert refused[0].extra["available_minor"] == 0
        got = [await available(database, ledger, each) for each in (one, other)]
        assert sorted(got) == [0, 100]


async def test_the_two_doors_race_for_the_last_balance(
    database: Database, ledger: LedgerService
) -> None:
    for _ in range(20):
        giver, one, other = organisation(), organisation(), organisation()
        await fund(ledger, giver, 100)
        outcomes = await asyncio.gather(
            post(database, ledger, gift(giver, one, 100)),
            ledger.submit(gift(giver, other, 100)),
            return_exceptions=True,
        )
        assert sum(isinstance(outcome, PaymentNeeded) for outcome in outcomes) == 1


async def test_the_same_transfer_from_many_sides_happens_once(
    database: Database, ledger: LedgerService
) -> None:
    giver, taker = organisation(), organisation()
    await fund(ledger, giver, 100)
    transfer = gift(giver, taker, 10)
    ids = await asyncio.gather(
        *(post(database, ledger, transfer) for _ in range(6)),
        *(ledger.submit(transfer) for _ in range(6)),
    )
    many = await ledger.submit_many([transfer] * 6)
    assert len({*ids, *many}) == 1
    assert await available(database, ledger, taker) == 10


async def test_transfers_that_fail_in_a_batch_fail_alone(
    database: Database, ledger: LedgerService
) -> None:
    giver, taker = organisation(), organisation()
    await fund(ledger, giver, 100)
    repeated = key()
    outcomes = await ledger.submit_many(
        [
            gift(giver, taker, 40),
            gift(giver, taker, 70),
            gift(giver, taker, 0),
            gift(giver, taker, 50, idempotency_key=repeated),
            gift(taker, giver, 10),
            gift(giver, taker, 50, idempotency_key=repeated),
            gift(giver, taker, 51, idempotency_key=repeated),
            gift(giver, taker, 21),
            gift(giver, taker, 20),
        ]
    )
    codes = [each.code if isinstance(each, SoukError) else "done" for each in outcomes]
    assert codes == [
        "done",
        "insufficient_funds",
        "amount_invalid",
        "done",
        "done",
        "done",
        "idempotency_key_reused",
        "insufficient_funds",
        "done",
    ]
    assert outcomes[3] == outcomes[5]
    assert await available(database, ledger, giver) == 0
    assert await available(database, ledger, taker) == 100


async def test_money_moves_through_many_hands_at_once_and_none_is_lost(
    database: Database, ledger: LedgerService
) -> None:
    chance = random.Random(20_260_101)
    people = [organisation() for _ in range(12)]
    for each in people:
        await fund(ledger, each, 1_000)

    async def trader(number: int) -> None:
        for turn in range(25):
            buyer, seller = chance.sample(people, 2)
            transfer = Transfer(
                kind="sale",
                idempotency_key=key(),
                postings=sale(buyer, seller, chance.randint(20, 900)),
            )
            try:
                if (number + turn) % 2:
                    await ledger.submit(transfer)
                else:
                    await post(database, ledger, transfer)
            except PaymentNeeded:
                pass

    await asyncio.gather(*(trader(number) for number in range(16)))
    async with database.transaction(SYSTEM) as uow:
        assert await ledger.check_invariants(uow) == []


async def test_sales_do_not_wait_for_each_other_at_the_platforms_account(
    database: Database, ledger: LedgerService
) -> None:
    """Two open transactions, each with its posting to the platform's revenue, both get through."""
    buyers = [organisation() for _ in range(2)]
    for buyer in buyers:
        await fund(ledger, buyer, 100)
    both_posted = asyncio.Barrier(2)

    async def buy(buyer: str) -> None:
        async with database.transaction(SYSTEM) as uow:
            postings = sale(buyer, organisation(), 100)
            await ledger.post(uow, kind="sale", idempotency_key=key(), postings=postings)
            await both_posted.wait()

    async with asyncio.timeout(5):
        await asyncio.gather(*map(buy, buyers))


async def test_a_full_queue_makes_callers_wait_and_loses_none(
    database: Database, ledger: LedgerService
) -> None:
    small = LedgerService(
        database, clock=SystemClock(), settings=LedgerSettings(max_batch=3, max_waiting=5)
    )
    taker = organisation()
    await small.open()
    try:
        deposits = [deposit(taker, 1) for _ in range(600)]
        outcomes = await asyncio.gather(
            small.submit_many(deposits[:500]), *map(small.submit, deposits[500:])
        )
    finally:
        await small.close()
    assert all(isinstance(each, str) for each in outcomes[0])
    assert await available(database, ledger, taker) == 600


async def test_closing_writes_what_waits_and_takes_no_more(
    database: Database, ledger: LedgerService
) -> None:
    service = LedgerService(database, clock=SystemClock(), settings=LedgerSettings(max_batch=2))
    taker = organisation()
    await service.open()
    handed_in = [asyncio.create_task(service.submit(deposit(taker, 1))) for _ in range(20)]
    await asyncio.sleep(0)
    await service.close()
    assert len(set(await asyncio.gather(*handed_in))) == 20
    assert await available(database, ledger, taker) == 20
    with pytest.raises(Unavailable) as refused:
        await service.submit(deposit(taker, 1))
    assert refused.value.code == "ledger_closed"
    (outcome,) = await service.submit_many([deposit(taker, 1)])
    assert isinstance(outcome, Unavailable)


async def test_a_caller_who_gives_up_does_not_undo_the_others(
    database: Database, ledger: LedgerService
) -> None:
    taker = organisation()
    tasks = [asyncio.create_task(ledger.submit(deposit(taker, 1))) for _ in range(10)]
    await asyncio.sleep(0)
    tasks[4].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(each, str) for each in outcomes) == 9
    assert await available(database, ledger, taker) in {9, 10}


def deposit(taker: str, amount_minor: int) -> Transfer:
    return Transfer(
        kind="deposit",
        idempotency_key=key(),
        postings=(
            Posting(external("test", "USD"), -amount_minor),
            Posting(wallet(taker, "USD"), amount_minor),
        ),
    )
