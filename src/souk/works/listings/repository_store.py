"""The SQL of listings as repositories, without their long texts."""

from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.works.listings.api import Repository, RepositoryVersion
from souk_client.contracts.base import ListingKind
from souk_client.contracts.works import ListingState


class RepositoryRow(msgspec.Struct, frozen=True, kw_only=True):
    """A listing and the version that buyers get, as stored."""

    id: str
    organisation_id: str
    slug: str
    kind: ListingKind
    title: str
    summary: str
    licence: str | None
    task: str
    tags: list[str]
    frameworks: list[str]
    state: ListingState
    hidden: bool
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    version_id: str | None
    version: str | None
    revision_id: str | None

    def to_repository(self, *, owner: str) -> Repository:
        """As the api gives it."""
        return Repository(owner=owner, **msgspec.structs.asdict(self))


async def find(uow: UnitOfWork, organisation_id: str, slug: str) -> RepositoryRow | None:
    """An organisation's listing of this slug."""
    return await uow.one_or_none(
        RepositoryRow,
        """
        SELECT l.id, l.organisation_id, l.slug, l.kind, l.title, l.summary, l.licence, l.task,
            l.tags, coalesce(l.compatibility -> 'frameworks', '[]'::jsonb) AS frameworks, l.state,
            l.hidden_at IS NOT NULL AS hidden, l.created_at, l.updated_at, l.published_at,
            v.id AS version_id, v.version, v.revision_id
        FROM works.listings l LEFT JOIN works.versions v ON v.id = l.current_version_id
        WHERE l.organisation_id = %(organisation_id)s AND l.slug = %(slug)s
        """,
        organisation_id=organisation_id,
        slug=slug,
    )


async def card(uow: UnitOfWork, listing_id: str) -> str | None:
    """A listing's card."""
    found: str | None = await uow.value(
        "SELECT card FROM works.listings WHERE id = %(id)s", id=listing_id
    )
    return found


async def version(uow: UnitOfWork, listing_id: str, version: str) -> RepositoryVersion | None:
    """One version of a listing that this scope sees."""
    return await uow.one_or_none(
        RepositoryVersion,
        """
        SELECT v.id, v.version, v.revision_id, v.published_at IS NOT NULL AS published
        FROM works.versions v WHERE v.listing_id = %(listing_id)s AND v.version = %(version)s
        """,
        listing_id=listing_id,
        version=version,
    )


async def discard_draft(uow: UnitOfWork, listing_id: str) -> bool:
    """Removes a draft that was never public; False when something keeps it."""
    return bool(await uow.value("SELECT works.discard_draft(%(id)s)", id=listing_id))
