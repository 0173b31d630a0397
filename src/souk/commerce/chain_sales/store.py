"""The SQL of sales on chains."""

import secrets
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from souk.infra.postgres.uow import UnitOfWork, json_value


class SaleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A signed offer, and what has become of it."""

    id: str
    state: str
    network: str
    chain: str
    chain_id: int
    market: str
    nonce: str
    wallet: str
    token: str
    buyer_organisation_id: str
    seller_organisation_id: str
    bought_by: str
    listing_id: str
    offer_id: str
    listing_title: str
    price_minor: int
    currency: str
    price_units: int
    quoted_minor: int
    quoted_currency: str
    rate: str | None
    rate_as_of: date | None
    rate_source: str | None
    purchase: dict[str, Any]  # a BoundPurchase without its files
    direct_organisations: list[str]
    voucher: dict[str, Any]  # the fields of the contract's struct `Offer`
    signature: bytes
    permit: dict[str, Any] | None  # typed data, for tokens
    deadline: datetime
    refund_window_s: int
    holds_reserve: bool
    created_at: datetime
    changed_at: datetime
    order_id: str | None = None
    licence_id: str | None = None
    credit_transfer_id: str | None = None
    fact_id: str | None = None
    transaction_hash: str | None = None
    block_number: int | None = None
    block_time: datetime | None = None
    refund_until: datetime | None = None
    released: bool = False
    hinted_hash: str | None = None
    hint_problem: str = ""
    problem: str = ""


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    sale_id: str
    number: int
    state: str
    order_id: str | None
    transaction_hash: str | None
    block_number: int | None
    said: str
    happened_at: datetime


_FIELDS = ", ".join(field.name for field in msgspec.structs.fields(SaleRow))
_JSON = ("purchase", "voucher", "permit")
_CHANGEABLE = frozenset(
    "state holds_reserve order_id licence_id credit_transfer_id fact_id transaction_hash "
    "block_number block_time refund_until released hinted_hash hint_problem problem".split()
)


async def next_number(uow: UnitOfWork) -> tuple[str, int]:
    """This marketplace's series, and the next number in it. Gaps are harmless."""
    await uow.execute(
        "INSERT INTO chain_sales.series (prefix) VALUES (%(prefix)s) ON CONFLICT DO NOTHING",
        prefix=secrets.token_hex(16),
    )
    prefix = await uow.value("SELECT prefix FROM chain_sales.series")
    number = await uow.value("SELECT nextval('chain_sales.numbers')")
    return str(prefix), int(number)


async def insert(uow: UnitOfWork, row: SaleRow, *, said: str) -> None:
    values = msgspec.structs.asdict(row)
    for name in _JSON:
        values[name] = None if values[name] is None else json_value(values[name])
    marks = ", ".join(f"%({name})s" for name in values)
    await uow.execute(
        f"INSERT INTO chain_sales.sales ({_FIELDS}) VALUES ({marks})",
        **values,
    )
    await add_step(uow, row, said=said)


async def add_step(uow: UnitOfWork, row: SaleRow, *, said: str) -> None:
    """Notes what happened; the row is as it is afterwards."""
    await uow.execute(
        """
        INSERT INTO chain_sales.steps
            (sale_id, number, state, order_id, transaction_hash, block_number, said, happened_at)
        SELECT %(id)s, count(*) + 1, %(state)s, %(order_id)s, %(hash)s, %(block)s, %(said)s, %(now)s
        FROM chain_sales.steps WHERE sale_id = %(id)s
        """,
        id=row.id,
        state=row.state,
        order_id=row.order_id,
        hash=row.transaction_hash,
        block=row.block_number,
        said=said,
        now=uow.now,
    )


async def change(uow: UnitOfWork, row: SaleRow, **changes: Any) -> SaleRow:  # columns by name
    """The row with these changes, which are also written."""
    assert changes.keys() <= _CHANGEABLE
    columns = ", ".join(f"{name} = %({name})s" for name in changes)
    await uow.execute(
        f"UPDATE chain_sales.sales SET {columns}, changed_at = %(now)s WHERE id = %(id)s",
        id=row.id,
        now=uow.now,
        **changes,
    )
    return msgspec.structs.replace(row, changed_at=uow.now, **changes)


async def get(uow: UnitOfWork, sale_id: str, *, lock: bool = False) -> SaleRow | None:
    return await uow.one_or_none(
        SaleRow,
        f"SELECT {_FIELDS} FROM chain_sales.sales WHERE id = %(id)s {'FOR UPDATE' if lock else ''}",
        id=sale_id,
    )


async def of_nonce(uow: UnitOfWork, *, network: str, nonce: str, lock: bool) -> SaleRow | None:
    """The sale of an offer's number."""
    return await uow.one_or_none(
        SaleRow,
        f"""
        SELECT {_FIELDS} FROM chain_sales.sales
        WHERE network = %(network)s AND nonce = %(nonce)s {"FOR UPDATE" if lock else ""}
        """,
        network=network,
        nonce=nonce,
    )


async def of_order(uow: UnitOfWork, order_id: str) -> SaleRow | None:
    """The sale that an order came of, also one that was undone since."""
    return await uow.one_or_none(
        SaleRow,
        f"""
        SELECT {_FIELDS} FROM chain_sales.sales WHERE order_id = %(id)s
            OR id = (SELECT sale_id FROM chain_sales.steps WHERE order_id = %(id)s LIMIT 1)
        LIMIT 1
        """,
        id=order_id,
    )


async def waiting_of(
    uow: UnitOfWork, organisation_ids: Collection[str], *, now: datetime, limit: int
) -> list[SaleRow]:
    """Sales of buyers that are open, undone or disputed, newest first."""
    return await uow.all(
        SaleRow,
        f"""
        SELECT {_FIELDS} FROM chain_sales.sales
        WHERE buyer_organisation_id = ANY(%(ids)s) AND (
            state IN ('undone', 'disputed')
            OR (state = 'pending' AND (deadline > %(now)s OR hinted_hash IS NOT NULL)))
        ORDER BY id DESC LIMIT %(limit)s
        """,
        ids=list(organisation_ids),
        now=now,
        limit=limit,
    )


async def count_open(uow: UnitOfWork, organisation_id: str) -> int:
    """How many offers of a buyer can still be paid."""
    found = await uow.value(
        """
        SELECT count(*) FROM chain_sales.sales
        WHERE buyer_organisation_id = %(id)s AND state = 'pending' AND deadline > %(now)s
        """,
        id=organisation_id,
        now=uow.now,
    )
    return int(found)


async def steps(uow: UnitOfWork, sale_ids: Sequence[str]) -> list[StepRow]:
    return await uow.all(
        StepRow,
        """
        SELECT sale_id, number, state, order_id, transaction_hash, block_number, said, happened_at
        FROM chain_sales.steps WHERE sale_id = ANY(%(ids)s) ORDER BY sale_id, number
        """,
        ids=list(sale_ids),
    )


async def past_deadline(uow: UnitOfWork, *, before: datetime, limit: int) -> list[SaleRow]:
    """Unpaid sales that still hold stock and code (system scope); locked, without those at work."""
    return await uow.all(
        SaleRow,
        f"""
        SELECT {_FIELDS} FROM chain_sales.sales
        WHERE state = 'pending' AND holds_reserve AND deadline < %(before)s
        ORDER BY deadline LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        """,
        before=before,
        limit=limit,
    )


async def unsettled(uow: UnitOfWork, *, since: datetime, limit: int) -> list[SaleRow]:
    """Sales that are not final and began since (system scope), the newest first."""
    return await uow.all(
        SaleRow,
        f"""
        SELECT {_FIELDS} FROM chain_sales.sales
        WHERE state IN ('pending', 'confirmed', 'undone') AND created_at > %(since)s
        ORDER BY id DESC LIMIT %(limit)s
        """,
        since=since,
        limit=limit,
    )


async def hinted(uow: UnitOfWork, *, since: datetime, limit: int) -> list[SaleRow]:
    """Unpaid sales of which a buyer said what was sent (system scope), the newest first."""
    return await uow.all(
        SaleRow,
        f"""
        SELECT {_FIELDS} FROM chain_sales.sales
        WHERE state = 'pending' AND hinted_hash IS NOT NULL AND created_at > %(since)s
        ORDER BY id DESC LIMIT %(limit)s
        """,
        since=since,
        limit=limit,
    )


async def to_release(uow: UnitOfWork, *, limit: int) -> list[SaleRow]:
    """Sales whose held money can be divided (system scope)."""
    return await uow.all(
        SaleRow,
        f"""
        SELECT {_FIELDS} FROM chain_sales.sales
        WHERE refund_until IS NOT NULL AND NOT released AND refund_until < %(now)s
          AND state IN ('final', 'credited')
        ORDER BY refund_until LIMIT %(limit)s
        """,
        now=uow.now,
        limit=limit,
    )


async def settled_on(uow: UnitOfWork, network: str, *, after: str, limit: int) -> list[SaleRow]:
    """Sales that are said to be paid, by id (system scope)."""
    return await uow.all(
        SaleRow,
        f"""
        SELECT {_FIELDS} FROM chain_sales.sales
        WHERE network = %(network)s AND id > %(after)s
          AND state IN ('confirmed', 'final', 'refunded', 'credited', 'disputed')
        ORDER BY id LIMIT %(limit)s
        """,
        network=network,
        after=after,
        limit=limit,
    )


async def order_state(uow: UnitOfWork, order_id: str | None) -> str | None:
    """How the order of a sale stands."""
    found: str | None = await uow.value(
        "SELECT state FROM commerce.orders WHERE id = %(id)s", id=order_id
    )
    return found


class MoneyIn(msgspec.Struct, frozen=True, kw_only=True):
    currency: str
    booked_minor: int
    sold_minor: int


async def money_in(uow: UnitOfWork, network: str) -> list[MoneyIn]:
    """What came in on a chain, by the ledger and by the sales that count (system scope)."""
    return await uow.all(
        MoneyIn,
        """
        WITH sold AS (
            SELECT currency, sum(price_minor)::bigint AS minor FROM chain_sales.sales
            WHERE network = %(network)s AND state IN ('confirmed', 'final', 'credited')
            GROUP BY currency
        ), booked AS (
            SELECT a.currency, -sum(p.amount_minor)::bigint AS minor
            FROM ledger.accounts a JOIN ledger.postings p ON p.account_id = a.id
            WHERE a.kind = 'external' AND a.name = 'chain:' || %(network)s GROUP BY a.currency
        )
        SELECT currency, coalesce(booked.minor, 0) AS booked_minor,
               coalesce(sold.minor, 0) AS sold_minor
        FROM sold FULL JOIN booked USING (currency) ORDER BY currency
        """,
        network=network,
    )
