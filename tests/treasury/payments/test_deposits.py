"""Deposits: settled once however often a provider says so, and never from nothing in production."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
import pytest
import pytest_asyncio

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM, scope_of
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, Forbidden, Invalid, NotFound, SoukError, Unavailable
from souk.kernel.ids import UserId, new_id
from souk.people.identity.news import CallerNews
from souk.people.organisations.service import OrganisationService
from souk.treasury.ledger.service import LedgerService
from souk.treasury.payments.api import DepositIntent, SettlementNotice, Started
from souk.treasury.payments.development import DevelopmentProvider
from souk.treasury.payments.events import DepositSettled
from souk.treasury.payments.service import PaymentService
from souk_client.contracts.treasury import Deposit, DepositRequest
from tests.treasury.books import available, balance, fund, gift, key, organisation, sale

pytestmark = pytest.mark.database


class SlowProvider:
    """A provider in the manner of card processors: it settles later, by notice."""

    name = "slow"

    async def start(self, intent: DepositIntent) -> Started:
        return Started(
            reference=f"pay_{intent.id}", settled=False, next_url=f"https://pay.example/{intent.id}"
        )


class BrokenProvider:
    name = "broken"

    async def start(self, intent: DepositIntent) -> Started:
        raise Unavailable("provider_unavailable", "The provider does not answer.")


def payments_of(ledger: LedgerService, *, is_production: bool = False) -> PaymentService:
    return PaymentService(
        ledger=ledger,
        organisations=OrganisationService(CallerNews(lambda _user_id: None)),
        providers=[DevelopmentProvider(), SlowProvider(), BrokenProvider()],
        is_production=is_production,
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def payments(ledger: LedgerService) -> PaymentService:
    return payments_of(ledger)


def person() -> Actor:
    personal = organisation()
    return Actor(
        user_id=UserId(new_id("usr", datetime.now(UTC))),
        organisation_id=personal,
        memberships={personal: "owner"},
        roles=frozenset({"buyer"}),
    )


async def deposit(
    database: Database, payments: PaymentService, actor: Actor, **request: Any
) -> Deposit:
    wish = DepositRequest(**{"amount_minor": 500, "currency": "USD", **request})
    async with database.transaction(scope_of(actor)) as uow:
        return await payments.deposit(uow, actor, wish)


async def settle(
    database: Database, payments: PaymentService, made: Deposit, **change: Any
) -> Deposit:
    notice = SettlementNotice(
        provider="slow",
        reference=f"pay_{made.id}",
        outcome="settled",
        amount_minor=made.amount_minor,
        currency=made.currency,
    )
    async with database.transaction(SYSTEM) as uow:
        return await payments.settle(uow, msgspec.structs.replace(notice, **change))


async def settled_events(database: Database, deposit_id: str) -> int:
    async with database.transaction(SYSTEM) as uow:
        found = await uow.value(
            """
            SELECT count(*) FROM infra.events
            WHERE topic = %(topic)s AND payload->>'deposit_id' = %(id)s
            """,
            topic=DepositSettled.topic,
            id=deposit_id,
        )
    return int(found)


async def test_the_development_provider_settles_at_once(
    database: Database, ledger: LedgerService, payments: PaymentService
) -> None:
    who = person()
    made = await deposit(database, payments, who)
    assert (made.state, made.amount_minor, made.currency) == ("settled", 500, "USD")
    assert made.transfer_id is not None
    assert await available(database, ledger, str(who.organisation_id)) == 500
    assert await settled_events(database, made.id) == 1


async def test_money_from_nothing_is_refused_in_production(
    database: Database, ledger: LedgerService
) -> None:
    who = person()
    with pytest.raises(Forbidden) as refused:
        await deposit(database, payments_of(ledger, is_production=True), who)
    assert refused.value.code == "provider_refused"
    assert await available(database, ledger, str(who.organisation_id)) == 0
    later = await deposit(database, payments_of(ledger, is_production=True), who, provider="slow")
    assert later.state == "pending", "other providers stay"


async def test_a_pending_deposit_moves_nothing_until_its_notice(
    database: Database, ledger: LedgerService, payments: PaymentService
) -> None:
    who = person()
    made = await deposit(database, payments, who, provider="slow")
    assert (made.state, made.transfer_id) == ("pending", None)
    assert made.next_url == f"https://pay.example/{made.id}"
    assert await available(database, ledger, str(who.organisation_id)) == 0
    done = await settle(database, payments, made)
    assert (done.state, done.next_url) == ("settled", None)
    assert await available(database, ledger, str(who.organisation_id)) == 500


async def test_a_notice_that_comes_many_times_settles_once(
    database: Database, ledger: LedgerService, payments: PaymentService
) -> None:
    who = person()
    made = await deposit(database, payments, who, provider="slow")
    answers = await asyncio.gather(*(settle(database, payments, made) for _ in range(8)))
    again = await settle(database, payments, made)
    assert len({answer.transfer_id for answer in (*answers, again)}) == 1
    assert await available(database, ledger, str(who.organisation_id)) == 500
    assert await settled_events(database, made.id) == 1


@pytest.mark.parametrize("change", [{"amount_minor": 501}, {"currency": "EUR"}])
async def test_a_notice_of_other_money_moves_nothing(
    database: Database, ledger: LedgerService, payments: PaymentService, change: dict[str, Any]
) -> None:
    who = person()
    made = await deposit(database, payments, who, provider="slow")
    with pytest.raises(Conflict) as refused:
        await settle(database, payments, made, **change)
    assert refused.value.code == "deposit_mismatch"
    assert await available(database, ledger, str(who.organisation_id)) == 0


async def test_a_failed_deposit_stays_failed(
    database: Database, ledger: LedgerService, payments: PaymentService
) -> None:
    who = person()
    made = await deposit(database, payments, who, provider="slow")
    failed = await settle(database, payments, made, outcome="failed", reason="Card declined")
    assert (failed.state, failed.failure) == ("failed", "Card declined")
    assert (await settle(database, payments, made, outcome="failed")).state == "failed"
    with pytest.raises(Conflict) as refused:
        await settle(database, payments, made)
    assert refused.value.code == "deposit_final"
    assert await available(database, ledger, str(who.organisation_id)) == 0


async def test_a_notice_of_nothing_we_know_is_refused(
    database: Database, payments: PaymentService
) -> None:
    made = await deposit(database, payments, person(), provider="slow")
    with pytest.raises(NotFound):
        await settle(database, payments, made, reference="pay_other")
    with pytest.raises(NotFound):
        await settle(database, payments, made, provider="test")


async def test_a_provider_that_fails_leaves_no_deposit(
    database: Database, payments: PaymentService
) -> None:
    who = person()
    with pytest.raises(Unavailable):
        await deposit(database, payments, who, provider="broken")
    async with database.transaction(scope_of(who)) as uow:
        assert await uow.value("SELECT count(*) FROM payments.deposits") == 0


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"amount_minor": 0}, "amount_invalid"),
        ({"currency": "XXX"}, "currency_unknown"),
        ({"provider": "stripe"}, "provider_unknown"),
    ],
)
async def test_a_wish_that_cannot_be_is_refused(
    database: Database, payments: PaymentService, request_: dict[str, Any], code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await deposit(database, payments, person(), **request_)
    assert refused.value.code == code


async def test_old_names_of_currencies_are_kept_under_the_new_one(
    database: Database, ledger: LedgerService, payments: PaymentService
) -> None:
    who = person()
    made = await deposit(database, payments, who, currency="MATIC")
    assert made.currency == "POL"
    assert await available(database, ledger, str(who.organisation_id), currency="POL") == 500


async def test_deposits_are_seen_by_their_organisation_only(
    database: Database, payments: PaymentService
) -> None:
    who, stranger = person(), person()
    made = await deposit(database, payments, who)
    async with database.transaction(scope_of(who)) as uow:
        assert await payments.get_deposit(uow, who, made.id) == made
    async with database.transaction(scope_of(stranger)) as uow:
        with pytest.raises(NotFound):
            await payments.get_deposit(uow, stranger, made.id)
    with pytest.raises(SoukError) as refused:
        await deposit(database, payments, stranger, organisation_id=who.organisation_id)
    assert refused.value.code == "organisation_unknown"


async def test_an_ended_deposit_cannot_be_changed_by_the_application(
    database: Database, payments: PaymentService
) -> None:
    made = await deposit(database, payments, person())
    with pytest.raises(psycopg.errors.IntegrityError):
        async with database.transaction(SYSTEM) as uow:
            await uow.execute(
                """
                UPDATE payments.deposits
                SET state = 'pending', transfer_id = NULL, settled_at = NULL WHERE id = %(id)s
                """,
                id=made.id,
            )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.transaction(SYSTEM) as uow:
            await uow.execute("UPDATE payments.deposits SET amount_minor = 1")


async def test_a_deposit_first_pays_back_what_was_advanced(
    database: Database, ledger: LedgerService, payments: PaymentService
) -> None:
    seller = person()
    buyer, owner = organisation(), str(seller.organisation_id)
    await _owe(database, ledger, buyer, owner, 100)
    await deposit(database, payments, seller, amount_minor=500)
    left = await balance(database, ledger, owner)
    assert (left.available_minor, left.owed_minor) == (415, 0)


async def test_debts_are_collected_from_all_who_can_pay(
    database: Database, ledger: LedgerService
) -> None:
    debtors = [organisation() for _ in range(3)]
    for debtor in debtors:
        await _owe(database, ledger, organisation(), debtor, 100)
    await fund(ledger, debtors[0], 1_000)
    await fund(ledger, debtors[1], 20)
    async with database.transaction(SYSTEM) as uow:
        assert await ledger.collect_debts(uow) == 2
    async with database.transaction(SYSTEM) as uow:
        assert await ledger.collect_debts(uow) == 0
    owed = [(await balance(database, ledger, debtor)).owed_minor for debtor in debtors]
    assert owed == [0, 65, 85]


async def _owe(
    database: Database, ledger: LedgerService, buyer: str, seller: str, amount_minor: int
) -> None:
    """A sale whose seller spent the money before it was refunded: 85 % of it is owed."""
    await fund(ledger, buyer, amount_minor)
    async with database.transaction(SYSTEM) as uow:
        sale_id = await ledger.post(
            uow, kind="sale", idempotency_key=key(), postings=sale(buyer, seller, amount_minor)
        )
    await ledger.submit(gift(seller, organisation(), amount_minor * 85 // 100))
    async with database.transaction(SYSTEM) as uow:
        await ledger.reverse(uow, sale_id, kind="refund", idempotency_key=key())
