"""Money on hold: captured in whole or part, released, expired."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from souk.infra.outbox.store import write_events
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.clock import FixedClock
from souk.kernel.errors import Conflict, Gone, Invalid, NotFound, PaymentNeeded, SoukError
from souk.kernel.ids import HoldId, OrganisationId, TransferId
from souk.treasury.ledger.api import Balance, Posting, platform, wallet
from souk.treasury.ledger.service import LedgerService
from tests.treasury.books import available, balance, fund, key, organisation, scope

pytestmark = pytest.mark.database


async def hold(
    database: Database,
    ledger: LedgerService,
    organisation_id: OrganisationId,
    amount_minor: int,
    *,
    idempotency_key: str | None = None,
) -> HoldId:
    async with database.transaction(scope(organisation_id)) as uow:
        return await ledger.hold(
            uow,
            organisation_id=organisation_id,
            currency="USD",
            amount_minor=amount_minor,
            expires_at=uow.now + timedelta(hours=1),
            idempotency_key=idempotency_key or key(),
            reference="rental",
        )


async def capture(
    database: Database,
    ledger: LedgerService,
    hold_id: HoldId,
    *to: Posting,
    idempotency_key: str | None = None,
) -> TransferId:
    async with database.transaction(SYSTEM) as uow:
        return await ledger.capture(
            uow, hold_id, to=to, kind="rental", idempotency_key=idempotency_key or key()
        )


async def release(database: Database, ledger: LedgerService, hold_id: HoldId) -> None:
    async with database.transaction(SYSTEM) as uow:
        await ledger.release(uow, hold_id)


def usd(available_minor: int, held_minor: int) -> Balance:
    return Balance(
        currency="USD", available_minor=available_minor, held_minor=held_minor, owed_minor=0
    )


async def test_held_money_is_there_and_cannot_be_spent(
    database: Database, ledger: LedgerService
) -> None:
    renter = organisation()
    await fund(ledger, renter, 100)
    await hold(database, ledger, renter, 60)
    assert await balance(database, ledger, renter) == usd(40, 60)
    with pytest.raises(PaymentNeeded):
        await hold(database, ledger, renter, 41)


async def test_a_part_is_captured_and_the_rest_comes_back(
    database: Database, ledger: LedgerService
) -> None:
    renter, provider = organisation(), organisation()
    await fund(ledger, renter, 100)
    hold_id = await hold(database, ledger, renter, 60)
    to = (Posting(wallet(provider, "USD"), 40), Posting(platform("revenue", "USD"), 5))
    used = key()
    first = await capture(database, ledger, hold_id, *to, idempotency_key=used)
    assert await balance(database, ledger, renter) == usd(55, 0)
    assert await available(database, ledger, provider) == 40
    assert await capture(database, ledger, hold_id, *to, idempotency_key=used) == first
    with pytest.raises(Conflict) as refused:
        await capture(database, ledger, hold_id, *to)
    assert refused.value.code == "hold_ended"
    with pytest.raises(Conflict):
        await release(database, ledger, hold_id)


async def test_the_whole_may_be_captured_and_not_a_unit_more(
    database: Database, ledger: LedgerService
) -> None:
    renter, provider = organisation(), organisation()
    await fund(ledger, renter, 100)
    hold_id = await hold(database, ledger, renter, 60)
    with pytest.raises(Conflict) as refused:
        await capture(database, ledger, hold_id, Posting(wallet(provider, "USD"), 61))
    assert refused.value.code == "hold_exceeded"
    await capture(database, ledger, hold_id, Posting(wallet(provider, "USD"), 60))
    assert await balance(database, ledger, renter) == usd(40, 0)


@pytest.mark.parametrize("amount_minor", [0, -5])
async def test_only_money_can_be_held_or_captured(
    database: Database, ledger: LedgerService, amount_minor: int
) -> None:
    renter = organisation()
    await fund(ledger, renter, 100)
    with pytest.raises(Invalid):
        await hold(database, ledger, renter, amount_minor)
    hold_id = await hold(database, ledger, renter, 10)
    with pytest.raises(Invalid):
        await capture(database, ledger, hold_id, Posting(wallet("org_x", "USD"), amount_minor))
    with pytest.raises(Invalid):
        await capture(database, ledger, hold_id, Posting(wallet("org_x", "EUR"), 5))


async def test_a_release_gives_all_of_it_back_once(
    database: Database, ledger: LedgerService
) -> None:
    renter = organisation()
    await fund(ledger, renter, 100)
    hold_id = await hold(database, ledger, renter, 60)
    await asyncio.gather(*(release(database, ledger, hold_id) for _ in range(4)))
    assert await balance(database, ledger, renter) == usd(100, 0)
    with pytest.raises(Conflict):
        await capture(database, ledger, hold_id, Posting(wallet("org_x", "USD"), 5))


async def test_capture_and_release_race_and_one_wins(
    database: Database, ledger: LedgerService
) -> None:
    for _ in range(10):
        renter, provider = organisation(), organisation()
        await fund(ledger, renter, 60)
        hold_id = await hold(database, ledger, renter, 60)
        outcomes = await asyncio.gather(
            capture(database, ledger, hold_id, Posting(wallet(provider, "USD"), 60)),
            release(database, ledger, hold_id),
            return_exceptions=True,
        )
        assert sum(isinstance(each, SoukError) for each in outcomes) == 1
        moved = await available(database, ledger, provider)
        assert await balance(database, ledger, renter) == usd(60 - moved, 0)


async def test_a_repeated_hold_is_the_same_hold(database: Database, ledger: LedgerService) -> None:
    renter = organisation()
    await fund(ledger, renter, 100)
    used = key()
    first = await hold(database, ledger, renter, 60, idempotency_key=used)
    assert await hold(database, ledger, renter, 60, idempotency_key=used) == first
    with pytest.raises(Conflict):
        await hold(database, ledger, renter, 30, idempotency_key=used)
    assert await balance(database, ledger, renter) == usd(40, 60)


async def test_a_hold_of_others_is_unknown(database: Database, ledger: LedgerService) -> None:
    renter = organisation()
    await fund(ledger, renter, 100)
    hold_id = await hold(database, ledger, renter, 60)
    with pytest.raises(NotFound):
        async with database.transaction(scope(organisation())) as uow:
            await ledger.release(uow, hold_id)


async def test_a_hold_that_is_over_cannot_be_captured_and_is_given_back(
    app_dsn: str, ledger: LedgerService, database: Database
) -> None:
    renter, other = organisation(), organisation()
    await fund(ledger, renter, 100)
    await fund(ledger, other, 100)
    hold_id = await hold(database, ledger, renter, 60)
    await hold(database, ledger, renter, 5)
    await hold(database, ledger, other, 70)
    clock = FixedClock(datetime.now(UTC) + timedelta(hours=2))
    later = Database(app_dsn, pool_size=2, clock=clock, write_events=write_events)
    await later.open()
    try:
        with pytest.raises(Gone):
            await capture(later, ledger, hold_id, Posting(wallet(other, "USD"), 5))
        async with later.transaction(SYSTEM) as uow:
            assert await ledger.expire_holds(uow, limit=1000) >= 3
        async with later.transaction(SYSTEM) as uow:
            assert await ledger.expire_holds(uow) == 0
        with pytest.raises(Conflict):
            await capture(later, ledger, hold_id, Posting(wallet(other, "USD"), 5))
    finally:
        await later.close()
    assert await balance(database, ledger, renter) == usd(100, 0)
    assert await balance(database, ledger, other) == usd(100, 0)


async def test_a_hold_must_end_in_the_future(database: Database, ledger: LedgerService) -> None:
    renter = organisation()
    await fund(ledger, renter, 100)
    with pytest.raises(Invalid):
        async with database.transaction(scope(renter)) as uow:
            await ledger.hold(
                uow,
                organisation_id=renter,
                currency="USD",
                amount_minor=5,
                expires_at=uow.now,
                idempotency_key=key(),
            )
