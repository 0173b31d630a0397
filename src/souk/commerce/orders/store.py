"""The SQL of orders."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
import psycopg

from souk.commerce.orders.api import Payment
from souk.commerce.orders.errors import already_owned
from souk.commerce.orders.model import Share
from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.commerce import ListingRevenue, RevenueDay


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is kept."""

    id: str
    number: int
    state: str
    listing_id: str
    listing_address: str
    listing_title: str
    version: str
    offer_id: str
    edition: str
    buyer_organisation_id: str
    buyer_slug: str
    buyer_name: str
    seller_organisation_id: str
    seller_slug: str
    seller_name: str
    bought_by: str
    price_minor: int
    currency: str
    licence_id: str
    provenance_entry_id: str
    transfer_id: str | None
    perpetual: bool
    created_at: datetime
    refunded_at: datetime | None = None
    promotion_code: str | None = None
    list_price_minor: int | None = None
    payment: Payment = "wallet"


class ShareRow(msgspec.Struct, frozen=True, kw_only=True):
    """One part of an order's price."""

    order_id: str
    role: str
    organisation_id: str | None
    organisation_slug: str | None
    organisation_name: str | None
    basis_points: int
    amount_minor: int


_FIELDS = ", ".join(field.name for field in msgspec.structs.fields(OrderRow))


async def insert(uow: UnitOfWork, order: OrderRow, shares: Sequence[Share]) -> int:
    """Adds an order with its shares, which sum to the price (the database checks).

    Answers the order's number; a number may be left out when a purchase fails.

    Raises:
        Conflict: `already_owned` when the same buyer's other purchase was faster.
    """
    values = msgspec.structs.asdict(order)
    for given_later in ("number", "refunded_at"):
        del values[given_later]
    columns = ", ".join(values)
    marks = ", ".join(f"%({name})s" for name in values)
    refs = [share.organisation for share in shares]
    try:
        number = await uow.value(
            f"""
            WITH parts AS (
                INSERT INTO commerce.order_shares
                    (order_id, position, role, organisation_id, organisation_slug,
                     organisation_name, basis_points, amount_minor)
                SELECT %(id)s, s.position, s.role, s.id, s.slug, s.name, s.points, s.amount
                FROM unnest(%(roles)s::text[], %(ids)s::text[], %(slugs)s::text[],
                            %(names)s::text[], %(points)s::int[], %(amounts)s::bigint[])
                    WITH ORDINALITY AS s(role, id, slug, name, points, amount, position)
            )
            INSERT INTO commerce.orders ({columns}) VALUES ({marks}) RETURNING number
            """,
            roles=[share.role for share in shares],
            ids=[ref.id if ref else None for ref in refs],
            slugs=[ref.slug if ref else None for ref in refs],
            names=[ref.name if ref else None for ref in refs],
            points=[share.basis_points for share in shares],
            amounts=[share.amount_minor for share in shares],
            **values,
        )
    except psycopg.errors.UniqueViolation as error:
        if error.diag.constraint_name == "orders_bought_once":
            raise already_owned(None) from error
        raise
    return int(number)


async def owned_already(uow: UnitOfWork, *, buyer_id: str, offer_id: str) -> str | None:
    """The licence that this buyer holds for ever from this offer, if any."""
    found: str | None = await uow.value(
        """
        SELECT licence_id FROM commerce.orders
        WHERE buyer_organisation_id = %(buyer_id)s AND offer_id = %(offer_id)s
          AND state = 'paid' AND perpetual
        """,
        buyer_id=buyer_id,
        offer_id=offer_id,
    )
    return found


async def get(uow: UnitOfWork, order_id: str, *, lock: bool = False) -> OrderRow | None:
    """An order that this scope may see."""
    return await uow.one_or_none(
        OrderRow,
        f"SELECT {_FIELDS} FROM commerce.orders WHERE id = %(id)s {'FOR UPDATE' if lock else ''}",
        id=order_id,
    )


async def shares_of(uow: UnitOfWork, order_ids: Sequence[str]) -> list[ShareRow]:
    """The parts of several orders, in their order."""
    return await uow.all(
        ShareRow,
        """
        SELECT order_id, role, organisation_id, organisation_slug, organisation_name,
               basis_points, amount_minor
        FROM commerce.order_shares WHERE order_id = ANY(%(ids)s) ORDER BY order_id, position
        """,
        ids=list(order_ids),
    )


async def of_buyer(
    uow: UnitOfWork, organisation_id: str, *, before: str | None, limit: int
) -> list[OrderRow]:
    return await uow.all(
        OrderRow,
        f"""
        SELECT {_FIELDS} FROM commerce.orders
        WHERE buyer_organisation_id = %(id)s AND (%(before)s::text IS NULL OR id < %(before)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        id=organisation_id,
        before=before,
        limit=limit,
    )


async def of_seller(
    uow: UnitOfWork, organisation_id: str, *, before: str | None, limit: int
) -> list[OrderRow]:
    return await uow.all(
        OrderRow,
        f"""
        SELECT {_FIELDS} FROM commerce.orders
        WHERE seller_organisation_id = %(id)s AND (%(before)s::text IS NULL OR id < %(before)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        id=organisation_id,
        before=before,
        limit=limit,
    )


async def mark_refunded(
    uow: UnitOfWork, order_id: str, *, reason: str, transfer_id: str | None
) -> None:
    await uow.execute(
        """
        UPDATE commerce.orders
        SET state = 'refunded', refunded_at = %(now)s, refund_reason = %(reason)s,
            refund_transfer_id = %(transfer_id)s
        WHERE id = %(id)s
        """,
        id=order_id,
        now=uow.now,
        reason=reason,
        transfer_id=transfer_id,
    )


async def revenue_days(uow: UnitOfWork, organisation_id: str, *, since: date) -> list[RevenueDay]:
    """By day (UTC) and currency: orders, their prices, and what reached this organisation."""
    return await uow.all(
        RevenueDay,
        """
        SELECT (o.created_at AT TIME ZONE 'UTC')::date AS day, o.currency,
               count(DISTINCT o.id)::int AS orders,
               sum(o.price_minor * s.first)::bigint AS gross_minor,
               sum(s.amount_minor)::bigint AS net_minor
        FROM (
            SELECT order_id, amount_minor,
                   (row_number() OVER (PARTITION BY order_id ORDER BY position) = 1)::int AS first
            FROM commerce.order_shares WHERE organisation_id = %(id)s
        ) AS s
        JOIN commerce.orders o ON o.id = s.order_id
        WHERE o.state = 'paid' AND o.created_at >= %(since)s
        GROUP BY 1, 2 ORDER BY 1, 2
        """,
        id=organisation_id,
        since=since,
    )


async def revenue_listings(
    uow: UnitOfWork, organisation_id: str, *, since: date
) -> list[ListingRevenue]:
    """By listing and currency, the best first."""
    return await uow.all(
        ListingRevenue,
        """
        SELECT o.listing_id, max(o.listing_title) AS title, o.currency,
               count(DISTINCT o.id)::int AS orders, sum(s.amount_minor)::bigint AS net_minor
        FROM commerce.order_shares s JOIN commerce.orders o ON o.id = s.order_id
        WHERE s.organisation_id = %(id)s AND o.state = 'paid' AND o.created_at >= %(since)s
        GROUP BY o.listing_id, o.currency ORDER BY net_minor DESC LIMIT 100
        """,
        id=organisation_id,
        since=since,
    )
