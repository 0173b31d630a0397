"""The SQL of copies."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.lookups import FoundBy


class CopyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A published file that is like one which somebody else published before."""

    listing_id: str
    sha256: str
    organisation_id: str
    entry_id: str
    of_listing_id: str
    of_sha256: str
    of_organisation_id: str
    of_entry_id: str
    share_permille: int
    found_by: FoundBy
    found_at: datetime


_COLUMNS = ", ".join(CopyRow.__struct_fields__)


async def add(uow: UnitOfWork, row: CopyRow) -> bool:
    """Keeps what was found; False when these two works were found alike in this file before."""
    touched = await uow.execute(
        f"""
        INSERT INTO lookups.copies ({_COLUMNS})
        VALUES ({", ".join(f"%({name})s" for name in CopyRow.__struct_fields__)})
        ON CONFLICT DO NOTHING
        """,
        **msgspec.structs.asdict(row),
    )
    return touched == 1


async def of_listing(uow: UnitOfWork, listing_id: str, *, limit: int) -> list[CopyRow]:
    """Of each other work the file that is most alike, on either side, the most alike first."""
    return await uow.all(
        CopyRow,
        f"""
        SELECT {_COLUMNS} FROM (
            SELECT DISTINCT ON (c.listing_id, c.of_listing_id) c.* FROM lookups.copies c
            WHERE c.listing_id = %(listing_id)s OR c.of_listing_id = %(listing_id)s
            ORDER BY c.listing_id, c.of_listing_id, c.share_permille DESC, c.sha256
        ) AS best
        ORDER BY share_permille DESC, found_at LIMIT %(limit)s
        """,
        listing_id=listing_id,
        limit=limit,
    )


async def good_licences(uow: UnitOfWork, listing_ids: Sequence[str]) -> dict[str, int]:
    """How many good licences there are for each of these works."""
    rows = await uow.all(
        _Count,
        """
        SELECT l.listing_id, lookups.good_licences(l.listing_id, %(now)s) AS count
        FROM unnest(%(ids)s::text[]) AS l (listing_id)
        """,
        ids=list(listing_ids),
        now=uow.now,
    )
    return {row.listing_id: row.count for row in rows}


class _Count(msgspec.Struct, frozen=True, kw_only=True):
    listing_id: str
    count: int
