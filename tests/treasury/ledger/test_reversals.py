"""Undoing a transfer: exactly, once, and also when the money is gone."""

import asyncio

import pytest

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.errors import Conflict, NotFound, SoukError
from souk.kernel.ids import TransferId
from souk.treasury.ledger.api import Balance, Transfer
from souk.treasury.ledger.service import LedgerService
from tests.treasury.books import (
    available,
    balance,
    fund,
    gift,
    key,
    organisation,
    post,
    sale,
    scope,
)

pytestmark = pytest.mark.database


async def reverse(
    database: Database, ledger: LedgerService, transfer_id: str, *, idempotency_key: str
) -> TransferId:
    async with database.transaction(SYSTEM) as uow:
        return await ledger.reverse(
            uow, TransferId(transfer_id), kind="refund", idempotency_key=idempotency_key
        )


async def sold(ledger: LedgerService, buyer: str, seller: str, amount_minor: int) -> TransferId:
    await fund(ledger, buyer, amount_minor)
    return await ledger.submit(
        Transfer(kind="sale", idempotency_key=key(), postings=sale(buyer, seller, amount_minor))
    )


async def test_a_reversal_gives_everything_back(database: Database, ledger: LedgerService) -> None:
    buyer, seller = organisation(), organisation()
    sale_id = await sold(ledger, buyer, seller, 1_001)
    await reverse(database, ledger, sale_id, idempotency_key=key())
    assert await available(database, ledger, buyer) == 1_001
    assert await available(database, ledger, seller) == 0


async def test_a_seller_may_refund_a_buyer_whose_wallet_is_not_theirs_to_see(
    database: Database, ledger: LedgerService
) -> None:
    buyer, seller = organisation(), organisation()
    sale_id = await sold(ledger, buyer, seller, 1_000)
    async with database.transaction(scope(seller)) as uow:
        await ledger.reverse(uow, sale_id, kind="refund", idempotency_key=key())
    assert await available(database, ledger, buyer) == 1_000


async def test_a_transfer_is_reversed_once_however_many_try(
    database: Database, ledger: LedgerService
) -> None:
    buyer, seller = organisation(), organisation()
    sale_id = await sold(ledger, buyer, seller, 1_000)
    outcomes = await asyncio.gather(
        *(reverse(database, ledger, sale_id, idempotency_key=key()) for _ in range(5)),
        return_exceptions=True,
    )
    codes = sorted(each.code if isinstance(each, SoukError) else "done" for each in outcomes)
    assert codes == ["done", *["transfer_reversed"] * 4]
    assert await available(database, ledger, buyer) == 1_000


async def test_a_repeated_reversal_gives_the_first_answer(
    database: Database, ledger: LedgerService
) -> None:
    buyer, seller = organisation(), organisation()
    sale_id = await sold(ledger, buyer, seller, 1_000)
    used = key()
    first = await reverse(database, ledger, sale_id, idempotency_key=used)
    await fund(ledger, seller, 7)
    assert await reverse(database, ledger, sale_id, idempotency_key=used) == first
    other_sale = await sold(ledger, buyer, seller, 1_000)
    with pytest.raises(Conflict) as refused:
        await reverse(database, ledger, other_sale, idempotency_key=used)
    assert refused.value.code == "idempotency_key_reused"


async def test_a_reversal_stays(database: Database, ledger: LedgerService) -> None:
    sale_id = await sold(ledger, organisation(), organisation(), 1_000)
    refund_id = await reverse(database, ledger, sale_id, idempotency_key=key())
    with pytest.raises(Conflict) as refused:
        await reverse(database, ledger, refund_id, idempotency_key=key())
    assert refused.value.code == "reversal_final"


async def test_what_was_never_transferred_cannot_be_reversed(
    database: Database, ledger: LedgerService
) -> None:
    with pytest.raises(NotFound) as refused:
        await reverse(database, ledger, "trf_nothing", idempotency_key=key())
    assert refused.value.code == "transfer_unknown"


async def test_the_platform_advances_what_the_seller_has_already_spent(
    database: Database, ledger: LedgerService
) -> None:
    buyer, seller = organisation(), organisation()
    sale_id = await sold(ledger, buyer, seller, 1_000)
    await ledger.submit(gift(seller, organisation(), 800))
    await reverse(database, ledger, sale_id, idempotency_key=key())
    assert await available(database, ledger, buyer) == 1_000, "the buyer has all of it at once"
    assert await balance(database, ledger, seller) == Balance(
        currency="USD", available_minor=0, held_minor=0, owed_minor=800
    )


async def test_a_debt_is_collected_as_far_as_the_wallet_reaches_and_never_twice(
    database: Database, ledger: LedgerService
) -> None:
    buyer, seller = organisation(), organisation()
    sale_id = await sold(ledger, buyer, seller, 1_000)
    await ledger.submit(gift(seller, organisation(), 850))
    await reverse(database, ledger, sale_id, idempotency_key=key())

    async def collect() -> int:
        async with database.transaction(scope(seller)) as uow:
            return await ledger.collect_debt(uow, seller, "USD")

    assert await collect() == 0, "there is nothing in the wallet yet"
    await fund(ledger, seller, 300)
    assert sorted(await asyncio.gather(collect(), collect(), collect())) == [0, 0, 300]
    await fund(ledger, seller, 1_000)
    assert sorted(await asyncio.gather(collect(), collect(), collect())) == [0, 0, 550]
    assert await balance(database, ledger, seller) == Balance(
        currency="USD", available_minor=450, held_minor=0, owed_minor=0
    )


async def test_nobody_collects_from_an_organisation_outside_their_scope(
    database: Database, ledger: LedgerService
) -> None:
    buyer, seller = organisation(), organisation()
    sale_id = await sold(ledger, buyer, seller, 1_000)
    await ledger.submit(gift(seller, organisation(), 850))
    await reverse(database, ledger, sale_id, idempotency_key=key())
    await fund(ledger, seller, 300)
    async with database.transaction(scope(buyer)) as uow:
        assert await ledger.collect_debt(uow, seller, "USD") == 0
    assert await available(database, ledger, seller) == 300


async def test_sales_and_their_refunds_race_without_losing_money(
    database: Database, ledger: LedgerService
) -> None:
    seller = organisation()
    sales = [await sold(ledger, organisation(), seller, 100) for _ in range(10)]
    await asyncio.gather(
        *(reverse(database, ledger, each, idempotency_key=key()) for each in sales),
        *(post(database, ledger, gift(seller, organisation(), 10)) for _ in range(10)),
        return_exceptions=True,
    )
    async with database.transaction(SYSTEM) as uow:
        assert await ledger.check_invariants(uow) == []
