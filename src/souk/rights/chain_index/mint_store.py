"""SQL of licences that are tokens, and of what became of their holders."""

from datetime import datetime
from typing import Final

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.base import OwnerRef


class MintRow(msgspec.Struct, frozen=True, kw_only=True):
    """A licence that its holder wanted as a token."""

    licence_id: str
    network: str
    chain: str
    chain_id: int
    contract: str
    token_id: str
    wallet: str
    owner_organisation_id: str
    owner_slug: str
    owner_name: str
    requested_by: str
    requested_at: datetime

    @property
    def owner(self) -> OwnerRef:
        return OwnerRef(id=self.owner_organisation_id, slug=self.owner_slug, name=self.owner_name)


class MoveRow(msgspec.Struct, frozen=True, kw_only=True):
    """To whom a token went."""

    fact_id: str
    licence_id: str
    wallet: str
    organisation_id: str | None
    slug: str | None
    name: str | None

    @property
    def holder(self) -> OwnerRef | None:
        if self.organisation_id is None or self.slug is None or self.name is None:
            return None
        return OwnerRef(id=self.organisation_id, slug=self.slug, name=self.name)


_MINT: Final = ", ".join(f"m.{field.name}" for field in msgspec.structs.fields(MintRow))
_MOVE: Final = ", ".join(field.name for field in msgspec.structs.fields(MoveRow))


async def add(uow: UnitOfWork, row: MintRow) -> bool:
    """Notes that a licence becomes a token; False when it does already."""
    names = [field.name for field in msgspec.structs.fields(MintRow)]
    touched = await uow.execute(
        f"""
        INSERT INTO chain_index.mints ({", ".join(names)})
        VALUES ({", ".join(f"%({name})s" for name in names)}) ON CONFLICT DO NOTHING
        """,
        **msgspec.structs.asdict(row),
    )
    return touched == 1


async def of_licence(uow: UnitOfWork, licence_id: str) -> MintRow | None:
    """The licence's token on the chain that was seen last."""
    return await uow.one_or_none(
        MintRow,
        f"""
        SELECT {_MINT} FROM chain_index.mints m JOIN chain.networks n ON n.key = m.network
        WHERE m.licence_id = %(id)s ORDER BY n.seen_at DESC LIMIT 1
        """,
        id=licence_id,
    )


async def of_token(uow: UnitOfWork, *, network: str, token_id: str) -> MintRow | None:
    """The licence that a token of a chain is."""
    return await uow.one_or_none(
        MintRow,
        f"""
        SELECT {_MINT} FROM chain_index.mints m
        WHERE m.network = %(network)s AND m.token_id = %(token_id)s
        """,
        network=network,
        token_id=token_id,
    )


async def after(uow: UnitOfWork, network: str, *, licence_id: str, limit: int) -> list[MintRow]:
    """Tokens of a chain, by the licence's id."""
    return await uow.all(
        MintRow,
        f"""
        SELECT {_MINT} FROM chain_index.mints m
        WHERE m.network = %(network)s AND m.licence_id > %(after)s
        ORDER BY m.licence_id LIMIT %(limit)s
        """,
        network=network,
        after=licence_id,
        limit=limit,
    )


async def is_minted(uow: UnitOfWork, row: MintRow) -> bool:
    """Whether the transaction that makes the token is final."""
    return bool(
        await uow.value(
            """
            SELECT EXISTS (SELECT FROM chain.transactions
                WHERE network = %(network)s AND purpose = 'mint:' || %(licence_id)s
                    AND state = 'final')
            """,
            network=row.network,
            licence_id=row.licence_id,
        )
    )


async def strays(uow: UnitOfWork, network: str) -> list[str]:
    """Tokens of a chain that nobody here has wanted."""
    return [
        str(found)
        for found in await uow.values(
            """
            SELECT f.key FROM chain_index.facts f
            WHERE f.network = %(network)s AND f.kind = 'LicenceMinted' AND f.stage <> 'undone'
                AND NOT EXISTS (
                    SELECT FROM chain_index.mints m
                    WHERE m.network = f.network AND m.token_id = f.key
                )
                AND NOT EXISTS (SELECT FROM chain_index.tokens t WHERE t.token_id = f.key)
            ORDER BY f.block_number LIMIT 1000
            """,
            network=network,
        )
    ]


async def remember_work(uow: UnitOfWork, *, token_id: str, listing_id: str, metadata: str) -> str:
    """Keeps what a work's token says of it; answers what is kept, when there was something."""
    await uow.execute(
        """
        INSERT INTO chain_index.works (token_id, listing_id, metadata)
        VALUES (%(token_id)s, %(listing_id)s, %(metadata)s) ON CONFLICT DO NOTHING
        """,
        token_id=token_id,
        listing_id=listing_id,
        metadata=metadata,
    )
    return str(
        await uow.value(
            "SELECT metadata FROM chain_index.works WHERE token_id = %(id)s", id=token_id
        )
    )


async def work_metadata(uow: UnitOfWork, token_id: str) -> str | None:
    """What a work's token says of it."""
    found = await uow.value(
        "SELECT metadata FROM chain_index.works WHERE token_id = %(id)s", id=token_id
    )
    return None if found is None else str(found)


async def move(uow: UnitOfWork, fact_id: str) -> MoveRow | None:
    """What was decided about a transfer."""
    return await uow.one_or_none(
        MoveRow, f"SELECT {_MOVE} FROM chain_index.moves WHERE fact_id = %(id)s", id=fact_id
    )


async def decide(
    uow: UnitOfWork, fact_id: str, *, licence_id: str, wallet: str, holder: OwnerRef | None
) -> None:
    """Notes to whom a transfer gave the licence; who was unknown may be known later."""
    await uow.execute(
        """
        INSERT INTO chain_index.moves AS known
            (fact_id, licence_id, wallet, organisation_id, slug, name, decided_at)
        VALUES (%(fact_id)s, %(licence_id)s, %(wallet)s, %(id)s, %(slug)s, %(name)s, %(now)s)
        ON CONFLICT (fact_id) DO UPDATE SET organisation_id = excluded.organisation_id,
            slug = excluded.slug, name = excluded.name, decided_at = excluded.decided_at
        WHERE known.organisation_id IS NULL
        """,
        fact_id=fact_id,
        licence_id=licence_id,
        wallet=wallet,
        id=None if holder is None else holder.id,
        slug=None if holder is None else holder.slug,
        name=None if holder is None else holder.name,
        now=uow.now,
    )


async def unclaimed(uow: UnitOfWork, *, limit: int) -> list[MoveRow]:
    """Transfers to wallets that were nobody's here."""
    return await uow.all(
        MoveRow,
        f"""
        SELECT {_MOVE} FROM chain_index.moves WHERE organisation_id IS NULL
        ORDER BY fact_id LIMIT %(limit)s
        """,
        limit=limit,
    )
