"""The wallet's statement: newest first, complete over its pages, each line with its balance."""

import pytest

from souk.infra.postgres.database import Database
from souk.kernel.errors import Invalid
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
    assert [(line.currency, line.amount_minor) for line in lines] == [("EUR", 7)]


@pytest.mark.parametrize("cursor", ["", "nonsense", "WzEsMl0", "WyJ4Il0", "W251bGxd", "WzFlMzBd"])
async def test_a_cursor_that_is_none_of_ours_is_refused(
    database: Database, ledger: LedgerService, cursor: str
) -> None:
    taker = organisation()
    with pytest.raises(Invalid) as refused:
        async with database.transaction(scope(taker)) as uow:
            await ledger.statement(uow, taker, "USD", cursor=cursor)
    assert refused.value.code == "cursor_invalid"
