"""The SQL of wallets to which organisations are paid on chains."""

from collections.abc import Collection

import msgspec

from souk.infra.postgres.uow import UnitOfWork


class PayoutRow(msgspec.Struct, frozen=True, kw_only=True):
    organisation_id: str
    wallet: str
    chain_id: int | None


async def get(uow: UnitOfWork, organisation_id: str) -> PayoutRow | None:
    return await uow.one_or_none(
        PayoutRow,
        """
        SELECT organisation_id, wallet, chain_id FROM chain_sales.payouts
        WHERE organisation_id = %(id)s
        """,
        id=organisation_id,
    )


async def put(uow: UnitOfWork, row: PayoutRow, *, by: str) -> None:
    await uow.execute(
        """
        INSERT INTO chain_sales.payouts (organisation_id, wallet, chain_id, set_by, set_at)
        VALUES (%(organisation_id)s, %(wallet)s, %(chain_id)s, %(by)s, %(now)s)
        ON CONFLICT (organisation_id) DO UPDATE SET wallet = excluded.wallet,
            chain_id = excluded.chain_id, set_by = excluded.set_by, set_at = excluded.set_at
        """,
        **msgspec.structs.asdict(row),
        by=by,
        now=uow.now,
    )


async def remove(uow: UnitOfWork, organisation_id: str) -> None:
    await uow.execute(
        "DELETE FROM chain_sales.payouts WHERE organisation_id = %(id)s", id=organisation_id
    )


async def forget(uow: UnitOfWork, *, user_id: str, wallet: str) -> None:
    """Nobody is paid at this wallet any more where this user had named it."""
    await uow.execute(
        """
        DELETE FROM chain_sales.payouts
        WHERE set_by = %(user_id)s AND wallet = lower(%(wallet)s)
        """,
        user_id=user_id,
        wallet=wallet,
    )


async def wallets(
    uow: UnitOfWork, organisation_ids: Collection[str], *, chain_id: int
) -> dict[str, str]:
    """Where organisations are paid on a chain, by id; whoever asks, for a sale pays others."""
    rows = await uow.dicts(
        """
        SELECT organisation_id, wallet
        FROM chain_sales.payout_wallets(%(ids)s::text[], %(chain_id)s::bigint)
        """,
        ids=list(organisation_ids),
        chain_id=chain_id,
    )
    return {str(row["organisation_id"]): str(row["wallet"]) for row in rows}
