"""SQL of asks: licences that their holders offer for sale."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.chain import AskState


class AskRow(msgspec.Struct, frozen=True, kw_only=True):
    """An ask as it is stored."""

    id: str
    state: AskState
    network: str
    chain: str
    chain_id: int
    licence_id: str
    token_id: str
    listing_id: str
    listing_address: str
    listing_title: str
    owner_organisation_id: str
    seller: str
    currency: str
    token: str
    price_units: int
    nonce: str
    max_fee_bps: int
    max_royalty_bps: int
    deadline: datetime
    created_by: str
    created_at: datetime
    changed_at: datetime
    signature: bytes | None = None
    fact_id: str | None = None


_NAMES: Final = [field.name for field in msgspec.structs.fields(AskRow)]
_COLUMNS: Final = ", ".join(_NAMES)


async def add(uow: UnitOfWork, row: AskRow) -> None:
    """Keeps an ask."""
    await uow.execute(
        f"""
        INSERT INTO chain_index.asks ({_COLUMNS})
        VALUES ({", ".join(f"%({name})s" for name in _NAMES)})
        """,
        **msgspec.structs.asdict(row),
    )


async def get(uow: UnitOfWork, ask_id: str, *, lock: bool = False) -> AskRow | None:
    """An ask that this scope may see."""
    return await uow.one_or_none(
        AskRow,
        f"""
        SELECT {_COLUMNS} FROM chain_index.asks WHERE id = %(id)s
            AND (state = 'open' OR %(system)s OR owner_organisation_id = ANY(%(organisations)s))
        {"FOR UPDATE" if lock else ""}
        """,
        id=ask_id,
        system=uow.scope.system,
        organisations=list(uow.scope.organisation_ids),
    )


async def open_of(uow: UnitOfWork, licence_id: str) -> AskRow | None:
    """The licence's open ask."""
    return await uow.one_or_none(
        AskRow,
        f"""
        SELECT {_COLUMNS} FROM chain_index.asks
        WHERE licence_id = %(id)s AND state = 'open' AND deadline > %(now)s
        """,
        id=licence_id,
        now=uow.now,
    )


async def page(
    uow: UnitOfWork, *, listing_id: str | None, before: str | None, limit: int
) -> list[AskRow]:
    """Open asks of licences that are still good with the holder who asks, newest first."""
    return await uow.all(
        AskRow,
        f"""
        SELECT {_COLUMNS} FROM chain_index.asks
        WHERE state = 'open' AND deadline > %(now)s
            AND (%(listing_id)s::text IS NULL OR listing_id = %(listing_id)s)
            AND (%(before)s::text IS NULL OR id < %(before)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        listing_id=listing_id,
        before=before,
        now=uow.now,
        limit=limit,
    )


async def of_token(uow: UnitOfWork, *, network: str, token_id: str) -> list[AskRow]:
    """Signed asks for a token, oldest first; locked (system scope)."""
    return await uow.all(
        AskRow,
        f"""
        SELECT {_COLUMNS} FROM chain_index.asks
        WHERE network = %(network)s AND token_id = %(token_id)s AND signature IS NOT NULL
        ORDER BY id FOR UPDATE
        """,
        network=network,
        token_id=token_id,
    )


async def of_nonce(uow: UnitOfWork, *, network: str, seller: str, nonce: str) -> AskRow | None:
    """The ask that a seller's number names (system scope)."""
    return await uow.one_or_none(
        AskRow,
        f"""
        SELECT {_COLUMNS} FROM chain_index.asks
        WHERE network = %(network)s AND seller = %(seller)s AND nonce = %(nonce)s FOR UPDATE
        """,
        network=network,
        seller=seller,
        nonce=nonce,
    )


async def put_up(uow: UnitOfWork, row: AskRow, *, signature: bytes) -> None:
    """Opens an ask, in the place of another for the same licence."""
    await uow.execute(
        """
        UPDATE chain_index.asks SET state = 'withdrawn', changed_at = %(now)s
        WHERE licence_id = %(licence_id)s AND state = 'open'
        """,
        licence_id=row.licence_id,
        now=uow.now,
    )
    await uow.execute(
        """
        UPDATE chain_index.asks
        SET state = 'open', signature = %(signature)s, changed_at = %(now)s
        WHERE id = %(id)s
        """,
        id=row.id,
        signature=signature,
        now=uow.now,
    )


async def set_state(
    uow: UnitOfWork, ask_ids: Sequence[str], state: AskState, *, fact_id: str | None = None
) -> None:
    """Says what became of asks."""
    await uow.execute(
        """
        UPDATE chain_index.asks
        SET state = %(state)s, fact_id = %(fact_id)s, changed_at = %(now)s
        WHERE id = ANY(%(ids)s)
        """,
        ids=list(ask_ids),
        state=state,
        fact_id=fact_id,
        now=uow.now,
    )
