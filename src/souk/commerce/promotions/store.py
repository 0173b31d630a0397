"""The SQL of promotions."""

from datetime import datetime
from typing import Final

import msgspec
import psycopg

from souk.commerce.promotions.model import Terms, state_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import Conflict
from souk_client.contracts.promotions import Promotion

_LOCKED: Final = "FOR UPDATE"


class PromotionRow(Terms, frozen=True, kw_only=True):
    """A promotion as it is kept."""

    id: str
    organisation_id: str
    created_at: datetime

    def to_promotion(self, *, now: datetime) -> Promotion:
        """As the api gives it."""
        return Promotion(**msgspec.structs.asdict(self), state=state_of(self, now=now))


_FIELDS: Final = ", ".join(field.name for field in msgspec.structs.fields(PromotionRow))


async def insert(uow: UnitOfWork, row: PromotionRow, *, created_by: str) -> None:
    """Adds a promotion.

    Raises:
        Conflict: `promotion_code_taken`.
    """
    values = msgspec.structs.asdict(row)
    columns = ", ".join(values)
    marks = ", ".join(f"%({name})s" for name in values)
    try:
        await uow.execute(
            f"INSERT INTO promotions.promotions ({columns}, created_by) "
            f"VALUES ({marks}, %(created_by)s)",
            created_by=created_by,
            **values,
        )
    except psycopg.errors.UniqueViolation as error:
        raise Conflict(
            "promotion_code_taken",
            f"You have a code {row.code} already; end that one first, or choose another.",
        ) from error


async def find(uow: UnitOfWork, promotion_id: str) -> PromotionRow | None:
    """A promotion of this scope."""
    return await uow.one_or_none(
        PromotionRow,
        f"SELECT {_FIELDS} FROM promotions.promotions WHERE id = %(id)s",
        id=promotion_id,
    )


async def by_code(
    uow: UnitOfWork, *, organisation_id: str, code: str, lock: bool
) -> PromotionRow | None:
    """The seller's code that was not ended; locked until the transaction ends when asked for."""
    return await uow.one_or_none(
        PromotionRow,
        f"""
        SELECT {_FIELDS} FROM promotions.promotions
        WHERE organisation_id = %(organisation_id)s AND code = %(code)s AND ended_at IS NULL
        {_LOCKED if lock else ""}
        """,
        organisation_id=organisation_id,
        code=code,
    )


async def page(
    uow: UnitOfWork, organisation_id: str, *, before: str | None, limit: int
) -> list[PromotionRow]:
    return await uow.all(
        PromotionRow,
        f"""
        SELECT {_FIELDS} FROM promotions.promotions
        WHERE organisation_id = %(id)s AND (%(before)s::text IS NULL OR id < %(before)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        id=organisation_id,
        before=before,
        limit=limit,
    )


async def end(uow: UnitOfWork, promotion_id: str) -> None:
    await uow.execute(
        """
        UPDATE promotions.promotions SET ended_at = coalesce(ended_at, %(now)s) WHERE id = %(id)s
        """,
        id=promotion_id,
        now=uow.now,
    )


async def uses_of_buyer(uow: UnitOfWork, promotion_id: str, *, buyer_id: str) -> int:
    """How many standing orders of this buyer used it."""
    found = await uow.value(
        """
        SELECT count(*) FROM promotions.uses
        WHERE promotion_id = %(id)s AND buyer_organisation_id = %(buyer_id)s
          AND returned_at IS NULL
        """,
        id=promotion_id,
        buyer_id=buyer_id,
    )
    return int(found)


class NewUse(msgspec.Struct, frozen=True, kw_only=True):
    """An order's use of a code."""

    order_id: str
    promotion_id: str
    code: str
    buyer_organisation_id: str
    seller_organisation_id: str
    list_price_minor: int
    discount_minor: int


async def use(uow: UnitOfWork, new: NewUse) -> None:
    """Notes a use and counts it."""
    await uow.execute(
        """
        WITH counted AS (
            UPDATE promotions.promotions SET uses = uses + 1 WHERE id = %(promotion_id)s
        )
        INSERT INTO promotions.uses (order_id, promotion_id, code, buyer_organisation_id,
            seller_organisation_id, list_price_minor, discount_minor, used_at)
        VALUES (%(order_id)s, %(promotion_id)s, %(code)s, %(buyer_organisation_id)s,
                %(seller_organisation_id)s, %(list_price_minor)s, %(discount_minor)s, %(now)s)
        """,
        now=uow.now,
        **msgspec.structs.asdict(new),
    )


async def give_back(uow: UnitOfWork, order_id: str) -> None:
    """Takes one use off the count, once."""
    await uow.execute(
        """
        WITH returned AS (
            UPDATE promotions.uses SET returned_at = %(now)s
            WHERE order_id = %(id)s AND returned_at IS NULL RETURNING promotion_id
        )
        UPDATE promotions.promotions p SET uses = p.uses - 1
        FROM returned r WHERE p.id = r.promotion_id
        """,
        id=order_id,
        now=uow.now,
    )
