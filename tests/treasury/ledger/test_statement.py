"""The wallet's statement: newest first, complete over its pages, each line with its balance."""

import pytest

from souk.infra.postgres.database import Database
from souk.kernel.errors import Invalid
from souk.kernel.paging import encode_cursor
from souk.treasury.ledger.api import StatementLine, Transfer
from souk.treasury.ledger.service import LedgerService
from tests.treasury.books import fund, gift, key, move, organisation, scope

pytestmark = pytest.mark.database


async def test_each_line_has_the_balance_it_left(database: Database, ledger: LedgerService) -> None:
    giver, taker = organisation(), organisation()
    await fund(ledger, giver, 100)
    await ledger.submit(
        Transfer(
            kind="transfer",
            idempotency_key=key(),
            postings=move(giver, taker, 30),
            note="For the cake",
            reference="cake",
        )
    )
    await ledger.submit(gift(taker, giver, 10))
    async with database.transaction(scope(giver)) as uow:
        lines = (await ledger.statement(uow, giver, "USD")).items
    assert [(line.amount_minor, line.balance_after_minor) for line in lines] == [
        (10, 80),
        (-30, 70),
        (100, 100),
    ]
    assert (lines[1].note, lines[1].reference, lines[1].kind) == (
        "For the cake",
        "cake",
        "transfer",
    )
    assert lines[0].created_at >= lines[1].created_at >= lines[2].created_at


async def test_pages_join_without_gap_or_repeat(database: Database, ledger: LedgerService) -> None:
    giver, taker = organisation(), organisation()
    await fund(ledger, giver, 1_000)
    await ledger.submit_many([gift(giver, taker, amount) for amount in range(1, 24)])
    lines: list[StatementLine] = []
    cursor: str | None = None
    async with database.transaction(scope(taker)) as uow:
        while True:
            page = await ledger.statement(uow, taker, "USD", cursor=cursor, limit=5)
            lines.extend(page.items)
            cursor = page.next_cursor
            if cursor is None:
                break
    assert [line.amount_minor for line in lines] == list(range(23, 0, -1))
    assert [line.balance_after_minor for line in lines] == [
        n * (n + 1) // 2 for n in range(23, 0, -1)
    ]


async def test_currencies_have_statements_of_their_own(
    database: Database, ledger: LedgerService
) -> None:
    taker = organisation()
    await fund(ledger, taker, 5, currency="USD")
    await fund(ledger, taker, 7, currency="EUR")
    async with database.transaction(scope(taker)) as uow:
        lines = (await ledger.statement(uow, taker, "EUR")).items
        both = (await ledger.statement(uow, taker, None)).items
    assert [(line.currency, line.amount_minor) for line in lines] == [("EUR", 7)]
    assert [(line.currency, line.balance_after_minor) for line in both] == [("EUR", 7), ("USD", 5)]


async def test_pages_over_all_currencies_split_no_transfer(
    database: Database, ledger: LedgerService
) -> None:
    one, other = organisation(), organisation()
    for currency in ("USD", "EUR", "POL"):
        await fund(ledger, one, 100, currency=currency)
    for _ in range(3):
        postings = tuple(
            posting
            for currency in ("USD", "EUR", "POL")
            for posting in move(one, other, 5, currency=currency)
        )
        await ledger.submit(Transfer(kind="bundle", idempotency_key=key(), postings=postings))
    seen: list[tuple[str, int]] = []
    cursor: str | None = None
    async with database.transaction(scope(other)) as uow:
        while True:
            page = await ledger.statement(uow, other, None, cursor=cursor, limit=2)
            seen.extend((line.currency, line.balance_after_minor) for line in page.items)
            cursor = page.next_cursor
            if cursor is None:
                break
    assert sorted(seen) == [(code, 5 * n) for code in ("EUR", "POL", "USD") for n in (1, 2, 3)]


CURSORS = [
    "",
    "nonsense",
    encode_cursor([1]),
    encode_cursor(["x", 1]),
    encode_cursor([None, 1]),
    encode_cursor([2**63, 1]),
    encode_cursor([1.5, 1]),
]


@pytest.mark.parametrize("cursor", CURSORS)
async def test_a_cursor_that_is_none_of_ours_is_refused(
    database: Database, ledger: LedgerService, cursor: str
) -> None:
    taker = organisation()
    with pytest.raises(Invalid) as refused:
        async with database.transaction(scope(taker)) as uow:
            await ledger.statement(uow, taker, "USD", cursor=cursor)
    assert refused.value.code == "cursor_invalid"
