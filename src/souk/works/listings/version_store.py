"""Versions in SQL."""

from collections.abc import Collection, Sequence

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.works.listings.model import VersionRow

_COLUMNS = """
    v.id, v.listing_id, v.version, v.revision_id, v.notes, v.created_at, v.published_at
"""


class NewVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version to be written."""

    id: str
    listing_id: str
    organisation_id: str
    version: str
    revision_id: str
    notes: str


async def set_current_version(uow: UnitOfWork, listing_id: str, version_id: str) -> None:
    """Says which version buyers get."""
    await uow.execute(
        """
        UPDATE works.listings SET current_version_id = %(version_id)s, updated_at = %(now)s
        WHERE id = %(id)s
        """,
        id=listing_id,
        version_id=version_id,
        now=uow.now,
    )


async def add_versions(uow: UnitOfWork, versions: Sequence[NewVersion]) -> int:
    """Writes versions; answers how many had a free number."""
    return await uow.execute(
        """
        INSERT INTO works.versions
            (id, listing_id, organisation_id, version, revision_id, notes, created_at)
        SELECT n.id, n.listing_id, n.organisation_id, n.version, n.revision_id, n.notes, %(now)s
        FROM unnest(%(ids)s::text[], %(listing_ids)s::text[], %(organisation_ids)s::text[],
            %(versions)s::text[], %(revision_ids)s::text[], %(notes)s::text[])
            AS n(id, listing_id, organisation_id, version, revision_id, notes)
        ON CONFLICT (listing_id, version) DO NOTHING
        """,
        now=uow.now,
        ids=[new.id for new in versions],
        listing_ids=[new.listing_id for new in versions],
        organisation_ids=[new.organisation_id for new in versions],
        versions=[new.version for new in versions],
        revision_ids=[new.revision_id for new in versions],
        notes=[new.notes for new in versions],
    )


async def versions_of(uow: UnitOfWork, listing_id: str) -> list[VersionRow]:
    """Every version of a listing that this scope sees, newest first."""
    return await uow.all(
        VersionRow,
        f"""
        SELECT {_COLUMNS} FROM works.versions v
        WHERE v.listing_id = %(id)s ORDER BY v.id DESC
        """,
        id=listing_id,
    )


async def versions_by_id(uow: UnitOfWork, version_ids: Collection[str]) -> list[VersionRow]:
    """Those of these versions that this scope sees."""
    return await uow.all(
        VersionRow,
        f"SELECT {_COLUMNS} FROM works.versions v WHERE v.id = ANY(%(ids)s)",
        ids=list(version_ids),
    )
