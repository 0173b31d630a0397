"""What a transfer must be, through both doors: exact, whole, once."""

from collections.abc import Awaitable, Callable

import pytest
import pytest_asyncio

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.errors import Conflict, Invalid, PaymentNeeded, SoukError
from souk.kernel.ids import TransferId
from souk.kernel.money import MAX_AMOUNT_MINOR
from souk.treasury.ledger.api import AccountRef, Posting, Transfer, external, platform, wallet
from souk.treasury.ledger.service import LedgerService
from tests.treasury.books import available, fund, gift, key, move, organisation, post, sale

pytestmark = pytest.mark.database

Door = Callable[[Transfer], Awaitable[TransferId]]


@pytest_asyncio.fixture(params=["post", "submit", "submit_many"], loop_scope="session")
async def door(request: pytest.FixtureRequest, database: Database, ledger: LedgerService) -> Door:
    """Each way to record one transfer that stands alone."""

    async def through_post(transfer: Transfer) -> TransferId:
        return await post(database, ledger, transfer)

    async def through_many(transfer: Transfer) -> TransferId:
        (outcome,) = await ledger.submit_many([transfer])
        if isinstance(outcome, SoukError):
            raise outcome
        return outcome

    return {"post": through_post, "submit": ledger.submit, "submit_many": through_many}[
        request.param
    ]


async def test_a_sale_moves_every_part_to_the_last_unit(
    door: Door, database: Database, ledger: LedgerService
) -> None:
    buyer, seller = organisation(), organisation()
    await fund(ledger, buyer, 10_001)
    await door(Transfer(kind="sale", idempotency_key=key(), postings=sale(buyer, seller, 10_001)))
    assert await available(database, ledger, buyer) == 0
    assert await available(database, ledger, seller) == 8_500


async def test_a_repeat_with_the_same_content_moves_nothing(
    door: Door, database: Database, ledger: LedgerService
) -> None:
    giver, taker = organisation(), organisation()
    await fund(ledger, giver, 100)
    transfer = gift(giver, taker, 60)
    first = await door(transfer)
    assert await door(transfer) == first
    turned = Transfer(
        kind=transfer.kind,
        idempotency_key=transfer.idempotency_key,
        postings=transfer.postings[::-1],
    )
    assert await door(turned) == first, "the order of postings is no content"
    assert await available(database, ledger, taker) == 60


@pytest.mark.parametrize("change", ["amount", "kind", "note", "reference", "account"])
async def test_the_same_key_with_other_content_is_refused(
    door: Door, database: Database, ledger: LedgerService, change: str
) -> None:
    giver, taker = organisation(), organisation()
    await fund(ledger, giver, 100)
    used = key()
    await door(gift(giver, taker, 10, idempotency_key=used))
    other = {
        "amount": gift(giver, taker, 11, idempotency_key=used),
        "account": gift(giver, organisation(), 10, idempotency_key=used),
    }.get(
        change,
        Transfer(
            kind="usage" if change == "kind" else "transfer",
            idempotency_key=used,
            postings=move(giver, taker, 10),
            note="other" if change == "note" else "",
            reference="other" if change == "reference" else None,
        ),
    )
    with pytest.raises(Conflict) as refused:
        await door(other)
    assert refused.value.code == "idempotency_key_reused"
    assert await available(database, ledger, giver) == 90


async def test_missing_money_is_said_exactly_and_nothing_moves(
    door: Door, database: Database, ledger: LedgerService
) -> None:
    giver, taker = organisation(), organisation()
    await fund(ledger, giver, 1_234)
    with pytest.raises(PaymentNeeded) as refused:
        await door(gift(giver, taker, 1_235))
    assert refused.value.code == "insufficient_funds"
    assert refused.value.extra == {
        "currency": "USD",
        "available_minor": 1_234,
        "needed_minor": 1_235,
    }
    assert "$12.34" in refused.value.detail
    assert "$12.35" in refused.value.detail
    assert await available(database, ledger, giver) == 1_234
    assert await available(database, ledger, taker) == 0


async def test_a_refused_key_may_be_used_again_once_the_money_is_there(
    door: Door, database: Database, ledger: LedgerService
) -> None:
    giver, taker = organisation(), organisation()
    transfer = gift(giver, taker, 5)
    with pytest.raises(PaymentNeeded):
        await door(transfer)
    await fund(ledger, giver, 5)
    await door(transfer)
    assert await available(database, ledger, taker) == 5


A, B = wallet("org_a", "USD"), wallet("org_b", "USD")
OUTSIDE = external("test", "USD")


@pytest.mark.parametrize(
    ("postings", "code"),
    [
        ((Posting(A, -5), Posting(B, 4)), "transfer_unbalanced"),
        ((Posting(A, -5), Posting(wallet("org_b", "EUR"), 5)), "transfer_unbalanced"),
        ((Posting(A, -5),), "transfer_invalid"),
        ((), "transfer_invalid"),
        ((Posting(A, 0), Posting(B, 0)), "amount_invalid"),
        ((Posting(A, 5), Posting(A, -5)), "transfer_empty"),
        (
            (Posting(OUTSIDE, -MAX_AMOUNT_MINOR - 1), Posting(B, MAX_AMOUNT_MINOR + 1)),
            "amount_invalid",
        ),
        ((Posting(OUTSIDE, -(2**63)), Posting(B, 2**63)), "amount_invalid"),
        (
            (Posting(wallet("org_a", "XXX"), -5), Posting(wallet("org_b", "XXX"), 5)),
            "currency_unknown",
        ),
        ((Posting(OUTSIDE, -70),) + (Posting(B, 1),) * 70, "transfer_invalid"),
    ],
)
async def test_a_transfer_that_is_not_well_formed_is_refused(
    door: Door, postings: tuple[Posting, ...], code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await door(Transfer(kind="transfer", idempotency_key=key(), postings=postings))
    assert refused.value.code == code


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "Not A Word"},
        {"kind": ""},
        {"idempotency_key": ""},
        {"idempotency_key": "k" * 201},
        {"idempotency_key": "nul\0"},
        {"note": "n" * 501},
        {"note": "lone \ud800"},
        {"reference": "r" * 201},
    ],
)
async def test_words_that_the_books_cannot_keep_are_refused(
    door: Door, change: dict[str, str]
) -> None:
    words = {"kind": "transfer", "idempotency_key": key(), **change}
    transfer = Transfer(postings=(Posting(OUTSIDE, -5), Posting(B, 5)), **words)
    with pytest.raises(Invalid) as refused:
        await door(transfer)
    assert refused.value.code == "transfer_invalid"


async def test_any_text_is_kept_as_it_is(
    door: Door, database: Database, ledger: LedgerService
) -> None:
    taker = organisation()
    odd = """a "b" \\c\\" {d,e} 'f' NULL \t\n ; -- é 漢 🧿 %s %(x)s"""
    await door(
        Transfer(
            kind="deposit",
            idempotency_key=f"{key()} {odd}",
            postings=(Posting(external(odd, "USD"), -5), Posting(wallet(taker, "USD"), 5)),
            note=odd,
            reference=odd,
        )
    )
    async with database.transaction(SYSTEM) as uow:
        page = await ledger.statement(uow, taker, "USD")
    assert (page.items[0].note, page.items[0].reference) == (odd, odd)


async def test_several_currencies_balance_each_on_its_own(
    door: Door, database: Database, ledger: LedgerService
) -> None:
    one, other = organisation(), organisation()
    await fund(ledger, one, 100, currency="USD")
    await fund(ledger, other, 90, currency="EUR")
    exchange = (*move(one, other, 100, currency="USD"), *move(other, one, 90, currency="EUR"))
    await door(Transfer(kind="exchange", idempotency_key=key(), postings=exchange))
    assert await available(database, ledger, one, currency="EUR") == 90
    assert await available(database, ledger, other, currency="USD") == 100


async def test_postings_to_one_account_are_added_together(
    door: Door, database: Database, ledger: LedgerService
) -> None:
    buyer, seller = organisation(), organisation()
    await fund(ledger, buyer, 100)
    postings = (
        Posting(wallet(buyer, "USD"), -100),
        Posting(wallet(seller, "USD"), 60),
        Posting(wallet(seller, "USD"), 40),
    )
    await door(Transfer(kind="sale", idempotency_key=key(), postings=postings))
    async with database.transaction(SYSTEM) as uow:
        page = await ledger.statement(uow, seller, "USD")
    assert [line.amount_minor for line in page.items] == [100]


async def test_a_balance_that_would_not_fit_is_refused(
    door: Door, database: Database, ledger: LedgerService
) -> None:
    rich, outside = organisation(), AccountRef("external", organisation(), "GENX")
    bags = (2**63 - 1) // MAX_AMOUNT_MINOR
    outcomes = await ledger.submit_many(
        [
            Transfer(
                kind="deposit",
                idempotency_key=key(),
                postings=(
                    Posting(outside, -MAX_AMOUNT_MINOR),
                    Posting(wallet(rich, "GENX"), MAX_AMOUNT_MINOR),
                ),
            )
            for _ in range(bags)
        ]
    )
    assert all(isinstance(outcome, str) for outcome in outcomes)
    full = await available(database, ledger, rich, currency="GENX")
    assert full == bags * MAX_AMOUNT_MINOR
    with pytest.raises(Invalid) as refused:
        await door(
            Transfer(
                kind="deposit",
                idempotency_key=key(),
                postings=(
                    Posting(platform("mint", "GENX"), -MAX_AMOUNT_MINOR),
                    Posting(wallet(rich, "GENX"), MAX_AMOUNT_MINOR),
                ),
            )
        )
    assert refused.value.code == "balance_overflow"
    assert await available(database, ledger, rich, currency="GENX") == full


async def test_an_undone_transaction_leaves_nothing_not_even_its_accounts(
    database: Database, ledger: LedgerService
) -> None:
    giver, taker = organisation(), organisation()
    await fund(ledger, giver, 10)
    transfer = gift(giver, taker, 10)
    with pytest.raises(RuntimeError):
        async with database.transaction(SYSTEM) as uow:
            await ledger.post(
                uow,
                kind=transfer.kind,
                idempotency_key=transfer.idempotency_key,
                postings=transfer.postings,
            )
            raise RuntimeError("the sale fails after it was paid")
    assert await available(database, ledger, giver) == 10
    async with database.transaction(SYSTEM) as uow:
        made = await uow.value("SELECT count(*) FROM ledger.accounts WHERE name = %(o)s", o=taker)
    assert made == 0
    await post(database, ledger, transfer)
    assert await available(database, ledger, taker) == 10
