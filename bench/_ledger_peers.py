"""What the ledger is measured beside: its own function without Python, and bare SQL."""

import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import psycopg

from souk.kernel.ids import new_id
from souk.treasury.ledger.api import AccountRef, Transfer
from souk.treasury.ledger.encoding import arguments_of
from souk.treasury.ledger.model import entry_of

RECORD: Final = """
    SELECT ledger.record(
        %(ids)s::text[], %(kinds)s::text[], %(keys)s::text[], %(hashes)s::bytea[],
        %(references)s::text[], %(notes)s::text[], %(reversals)s::text[], now(),
        %(positions)s::integer[], %(accounts)s::bigint[], %(amounts)s::bigint[]
    )
"""
BARE_SCHEMA: Final = """
    CREATE SCHEMA bare;
    CREATE TABLE bare.transfers (
        id text PRIMARY KEY, kind text NOT NULL, key text NOT NULL UNIQUE,
        reference text, note text NOT NULL, created_at timestamptz NOT NULL
    );
    CREATE TABLE bare.postings (
        account_id bigint, transfer_id text, amount_minor bigint NOT NULL,
        PRIMARY KEY (account_id, transfer_id)
    );
    CREATE TABLE bare.balances (
        account_id bigint PRIMARY KEY, balance_minor bigint NOT NULL
    ) WITH (fillfactor = 50);
    INSERT INTO bare.balances SELECT n, 1000000000000 FROM generate_series(1, %(accounts)s) AS n;
    ANALYZE bare.balances;
"""
BARE: Final = """
    WITH added AS (
        INSERT INTO bare.postings
        SELECT account_id, transfer_id, amount_minor
        FROM unnest(%(accounts)s::bigint[], %(owners)s::text[], %(amounts)s::bigint[])
            AS p(account_id, transfer_id, amount_minor)
        RETURNING account_id, amount_minor
    ), written AS (
        INSERT INTO bare.transfers
        SELECT id, 'sale', 'sale:' || id, 'ord', '', now() FROM unnest(%(ids)s::text[]) AS t(id)
    )
    UPDATE bare.balances b SET balance_minor = b.balance_minor + moved.total
    FROM (SELECT account_id, sum(amount_minor) AS total FROM added GROUP BY 1) AS moved
    WHERE b.account_id = moved.account_id
"""


def make_bare(owner_dsn: str, *, accounts: int) -> None:
    """Makes the bare tables."""
    with psycopg.connect(owner_dsn) as connection:
        connection.cursor().execute(BARE_SCHEMA.replace("%(accounts)s", str(accounts)).encode())


def function_rate(
    app_dsn: str,
    make: Callable[[], Transfer],
    account_ids: dict[AccountRef, int],
    *,
    batch: int,
    seconds: float,
) -> float:
    """Transfers a second through `ledger.record` with arguments that are ready before."""

    def arguments() -> dict[str, object]:
        now = datetime.now(UTC)
        return arguments_of([entry_of(make(), now) for _ in range(batch)], account_ids)

    with psycopg.connect(app_dsn, autocommit=True) as connection:
        return _rate(connection, RECORD, arguments, batch=batch, seconds=seconds)


def bare_rate(owner_dsn: str, *, accounts: int, batch: int, seconds: float) -> float:
    """Transfers a second as plain inserts and one update: no rule, no check, no caller."""

    def arguments() -> dict[str, object]:
        now = datetime.now(UTC)
        ids = [new_id("trf", now) for _ in range(batch)]
        return {
            "ids": ids,
            "owners": [each for each in ids for _ in range(4)],
            "accounts": [
                account
                for _ in ids
                for account in (*random.sample(range(3, accounts + 1), 2), 1, 2)
            ],
            "amounts": [-1000, 850, 100, 50] * batch,
        }

    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        return _rate(connection, BARE, arguments, batch=batch, seconds=seconds)


def _rate(
    connection: psycopg.Connection,
    statement: str,
    arguments: Callable[[], dict[str, object]],
    *,
    batch: int,
    seconds: float,
) -> float:
    """Runs batches that were made ready outside the measured time."""
    spent = 0.0
    count = 0
    while spent < seconds:
        ready: Sequence[dict[str, object]] = [arguments() for _ in range(max(2, 4_000 // batch))]
        for each in ready:
            started = time.perf_counter()
            found = connection.execute(statement.encode(), each)
            spent += time.perf_counter() - started
            if found.description is not None:
                refused = found.fetchone()
                assert refused == (None,), f"a batch was refused: {refused}"
            count += batch
    return count / spent
