"""What the database itself refuses, whoever asks: the application's role, and its owner by hand."""

from collections.abc import Iterator

import psycopg
import pytest

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import PUBLIC, SYSTEM
from souk.treasury.ledger.service import LedgerService
from tests.treasury.books import fund, gift, organisation, scope

pytestmark = pytest.mark.database


@pytest.fixture
def as_app(app_dsn: str, ledger: LedgerService) -> Iterator[psycopg.Connection]:
    """The application's role in the widest scope it can give itself."""
    with psycopg.connect(app_dsn) as connection:
        connection.execute("SET LOCAL souk.system = 'on'")
        yield connection
        connection.rollback()


@pytest.fixture
def as_owner(owner_dsn: str, ledger: LedgerService) -> Iterator[psycopg.Connection]:
    with psycopg.connect(owner_dsn) as connection:
        yield connection
        connection.rollback()


WRITES = [
    "UPDATE ledger.funds SET balance_minor = 1000000",
    "INSERT INTO ledger.funds SELECT max(id) + 1, 5 FROM ledger.accounts",
    "DELETE FROM ledger.funds",
    "UPDATE ledger.stripes SET balance_minor = 0",
    "DELETE FROM ledger.stripes",
    "UPDATE ledger.accounts SET name = 'org_thief'",
    "UPDATE ledger.accounts SET currency = 'EUR'",
    "DELETE FROM ledger.accounts",
    "UPDATE ledger.postings SET amount_minor = amount_minor * 2",
    "DELETE FROM ledger.postings",
    "UPDATE ledger.transfers SET note = 'never happened'",
    "DELETE FROM ledger.transfers",
    "TRUNCATE ledger.postings",
    "TRUNCATE ledger.transfers CASCADE",
    "TRUNCATE ledger.accounts CASCADE",
    "TRUNCATE ledger.funds",
]


@pytest.mark.parametrize("statement", [*WRITES, "SELECT ledger.settle()"])
async def test_the_application_cannot_write_the_books(
    as_app: psycopg.Connection, ledger: LedgerService, statement: str
) -> None:
    await fund(ledger, organisation(), 10)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_app.execute(statement)


@pytest.mark.parametrize(
    "columns",
    [
        "ledger.transfers VALUES (9, 'trf_x', 'gift', 'k', 'h', NULL, '', NULL, now())",
        "ledger.postings VALUES (1, 1, 5, 5)",
        "ledger.accounts (kind, name, currency) VALUES ('wallet', 'org_x', 'USD')",
        "ledger.stripes VALUES (1, 1, 5)",
    ],
)
async def test_the_application_cannot_add_to_the_books_by_hand(
    as_app: psycopg.Connection, columns: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_app.execute(f"INSERT INTO {columns}")


@pytest.mark.parametrize("statement", WRITES)
async def test_not_even_the_owner_rewrites_the_books(
    as_owner: psycopg.Connection, ledger: LedgerService, statement: str
) -> None:
    await fund(ledger, organisation(), 10)
    with pytest.raises(psycopg.errors.IntegrityError):
        as_owner.execute(statement)


def record(
    connection: psycopg.Connection, postings: list[tuple[int, int]], *, key: str, at: str = "now()"
) -> object:
    """Calls the one way in directly, as code with a defect would."""
    row = connection.execute(
        f"""
        SELECT ledger.record(
            ARRAY['trf_' || %(key)s], ARRAY['gift'], ARRAY[%(key)s], ARRAY['x'::bytea],
            ARRAY[NULL::text], ARRAY[''], ARRAY[NULL::text], {at},
            array_fill(1, ARRAY[cardinality(%(accounts)s::bigint[])]),
            %(accounts)s, %(amounts)s
        )
        """,
        {
            "key": key,
            "accounts": [account for account, _ in postings],
            "amounts": [amount for _, amount in postings],
        },
    ).fetchone()
    assert row is not None
    return row[0]


def account(connection: psycopg.Connection, kind: str, name: str, currency: str) -> int:
    row = connection.execute(
        "SELECT id FROM ledger.open_accounts(ARRAY[%s], ARRAY[%s], ARRAY[%s])",
        (kind, name, currency),
    ).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_transfer_that_does_not_sum_to_zero_is_refused_by_the_database(
    as_app: psycopg.Connection,
) -> None:
    taker = account(as_app, "wallet", "org_unbalanced", "USD")
    outside = account(as_app, "external", "test", "USD")
    with pytest.raises(psycopg.errors.CheckViolation, match="sum to zero"):
        record(as_app, [(outside, -4), (taker, 5)], key="unbalanced")


async def test_sums_count_for_each_currency_alone(as_app: psycopg.Connection) -> None:
    taker = account(as_app, "wallet", "org_mixed", "EUR")
    outside = account(as_app, "external", "test", "USD")
    with pytest.raises(psycopg.errors.CheckViolation, match="sum to zero"):
        record(as_app, [(outside, -5), (taker, 5)], key="mixed")


async def test_a_posting_to_no_account_is_refused(as_app: psycopg.Connection) -> None:
    outside = account(as_app, "external", "test", "USD")
    with pytest.raises(psycopg.errors.CheckViolation):
        record(as_app, [(outside, -5), (2**40, 5)], key="nowhere")


async def test_a_posting_of_nothing_is_refused(as_app: psycopg.Connection) -> None:
    taker = account(as_app, "wallet", "org_nothing", "USD")
    outside = account(as_app, "external", "test", "USD")
    with pytest.raises(psycopg.errors.CheckViolation):
        record(as_app, [(outside, 0), (taker, 0)], key="nothing")


async def test_a_balance_past_64_bits_is_refused(as_app: psycopg.Connection) -> None:
    taker = account(as_app, "wallet", "org_overflow", "USD")
    outside = account(as_app, "external", "test", "USD")
    assert record(as_app, [(outside, -(2**62)), (taker, 2**62)], key="half") is None
    with pytest.raises(psycopg.errors.NumericValueOutOfRange):
        record(as_app, [(outside, -(2**62)), (taker, 2**62)], key="whole")


async def test_a_wallet_below_zero_is_refused_with_the_balances(
    as_app: psycopg.Connection,
) -> None:
    giver = account(as_app, "wallet", "org_poor", "USD")
    outside = account(as_app, "external", "test", "USD")
    assert record(as_app, [(outside, 5), (giver, -5)], key="poor") == {
        "balances": {str(giver): 0},
        "known": {},
        "reversed": [],
    }


async def test_the_owner_cannot_add_a_posting_to_a_transfer_that_is_done(
    as_owner: psycopg.Connection, ledger: LedgerService
) -> None:
    await fund(ledger, organisation(), 10)
    late = account(as_owner, "platform", "late", "USD")
    with pytest.raises(psycopg.errors.CheckViolation, match="sum to zero"):
        as_owner.execute(
            "INSERT INTO ledger.postings SELECT min(number), %s, 5, NULL FROM ledger.transfers",
            (late,),
        )


async def test_an_account_of_unknown_kind_or_currency_is_refused(
    as_app: psycopg.Connection,
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        account(as_app, "treasure", "org_x", "USD")
    as_app.rollback()
    with pytest.raises(psycopg.errors.CheckViolation):
        account(as_app, "wallet", "org_x", "usd")


async def test_an_organisation_sees_its_own_accounts_postings_and_transfers_only(
    database: Database, ledger: LedgerService
) -> None:
    giver, taker, stranger = organisation(), organisation(), organisation()
    await fund(ledger, giver, 10)
    await fund(ledger, stranger, 99)
    gift_id = await ledger.submit(gift(giver, taker, 4))
    async with database.transaction(scope(taker)) as uow:
        accounts = await uow.values("SELECT name FROM ledger.accounts")
        balances = await uow.values("SELECT balance_minor FROM ledger.balances")
        funds = await uow.values("SELECT balance_minor FROM ledger.funds")
        stripes = await uow.values("SELECT balance_minor FROM ledger.stripes")
        amounts = await uow.values("SELECT amount_minor FROM ledger.postings")
        transfers = await uow.values("SELECT id FROM ledger.transfers")
        foreign = await ledger.balances(uow, stranger)
        statement = await ledger.statement(uow, giver, "USD")
    assert accounts == [taker]
    assert balances == funds == amounts == [4]
    assert stripes == []
    assert transfers == [gift_id]
    assert foreign == []
    assert statement.items == []
    async with database.transaction(PUBLIC) as uow:
        assert await uow.value("SELECT count(*) FROM ledger.accounts") == 0
        assert await uow.value("SELECT count(*) FROM ledger.postings") == 0
        assert await uow.value("SELECT count(*) FROM ledger.transfers") == 0


async def test_the_checks_find_books_that_were_tampered_with(
    as_owner: psycopg.Connection, database: Database, ledger: LedgerService, owner_dsn: str
) -> None:
    taker = organisation()
    await fund(ledger, taker, 10)
    tamper = """
        SET LOCAL session_replication_role = replica;
        UPDATE ledger.funds SET balance_minor = balance_minor + {change}
        FROM ledger.accounts a WHERE a.id = account_id AND a.name = '{taker}'
    """
    with psycopg.connect(owner_dsn) as owner:
        owner.execute(tamper.format(change=1, taker=taker))
    async with database.transaction(SYSTEM) as uow:
        problems = await ledger.check_invariants(uow)
    with psycopg.connect(owner_dsn) as owner:
        owner.execute(tamper.format(change=-1, taker=taker))
    assert [problem.split(":")[0] for problem in problems] == [
        "accounts whose balance is not the sum of their postings",
        "currencies whose accounts do not sum to zero",
    ]
