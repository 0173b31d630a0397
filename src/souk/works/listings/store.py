"""The SQL of listings and their counts."""

from collections.abc import Collection, Sequence

import msgspec

from souk.infra.postgres.uow import UnitOfWork, json_value
from souk.works.listings.api import SellerTotals
from souk.works.listings.model import ListingRow, Words
from souk_client.contracts.base import ListingKind
from souk_client.contracts.works import ListingState

LISTING_COLUMNS = """
    l.id, l.organisation_id, l.slug, l.kind, l.title, l.summary, l.card, l.licence, l.category,
    l.task, l.tags, l.metrics, l.compatibility, l.regions, l.state, l.current_version_id,
    l.created_at, l.updated_at, l.published_at, l.hidden_at
"""


class NewListing(msgspec.Struct, frozen=True, kw_only=True):
    """A draft to be written."""

    id: str
    organisation_id: str
    slug: str
    kind: str
    words: Words
    created_by: str | None


class SaleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A listing as a sale sees it; the version is None before the first is published."""

    id: str
    organisation_id: str
    slug: str
    kind: ListingKind
    title: str
    licence: str | None
    state: ListingState
    regions: list[str]
    version_id: str | None
    version: str | None
    revision_id: str | None


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Sales of an offer of a listing, and downloads (which name no offer)."""

    listing_id: str
    offer_id: str
    sales: int
    downloads: int


async def add(uow: UnitOfWork, listings: Sequence[NewListing]) -> set[str]:
    """Writes drafts; answers the ids of those whose slug was free."""
    ids = await uow.values(
        """
        INSERT INTO works.listings AS l (id, organisation_id, slug, kind, title, summary, card,
            licence, category, task, tags, metrics, compatibility, regions, created_by, created_at,
            updated_at)
        SELECT n.id, n.organisation_id, n.slug, n.kind, n.title, n.summary, n.card, n.licence,
            n.category, n.task, ARRAY(SELECT jsonb_array_elements_text(n.tags)), n.metrics,
            n.compatibility, ARRAY(SELECT jsonb_array_elements_text(n.regions)), n.created_by,
            %(now)s, %(now)s
        FROM unnest(%(ids)s::text[], %(organisation_ids)s::text[], %(slugs)s::text[],
            %(kinds)s::text[], %(titles)s::text[], %(summaries)s::text[], %(cards)s::text[],
            %(licences)s::text[], %(categories)s::text[], %(tasks)s::text[], %(tags)s::jsonb[],
            %(metrics)s::jsonb[], %(compatibilities)s::jsonb[], %(regions)s::jsonb[],
            %(creators)s::text[])
            AS n(id, organisation_id, slug, kind, title, summary, card, licence, category, task,
                tags, metrics, compatibility, regions, created_by)
        ON CONFLICT (organisation_id, slug) DO NOTHING
        RETURNING l.id
        """,
        now=uow.now,
        ids=[new.id for new in listings],
        organisation_ids=[new.organisation_id for new in listings],
        slugs=[new.slug for new in listings],
        kinds=[new.kind for new in listings],
        titles=[new.words.title for new in listings],
        summaries=[new.words.summary for new in listings],
        cards=[new.words.card for new in listings],
        licences=[new.words.licence for new in listings],
        categories=[new.words.category for new in listings],
        tasks=[new.words.task for new in listings],
        tags=[json_value(new.words.tags) for new in listings],
        metrics=[json_value(msgspec.to_builtins(new.words.metrics)) for new in listings],
        compatibilities=[
            json_value(msgspec.to_builtins(new.words.compatibility)) for new in listings
        ],
        regions=[json_value(new.words.regions) for new in listings],
        creators=[new.created_by for new in listings],
    )
    return set(ids)


async def count_of_organisation(uow: UnitOfWork, organisation_id: str) -> int:
    """How many listings an organisation has."""
    return int(
        await uow.value(
            "SELECT count(*) FROM works.listings WHERE organisation_id = %(id)s",
            id=organisation_id,
        )
    )


async def find(uow: UnitOfWork, listing_id: str, *, lock: bool = False) -> ListingRow | None:
    """A listing of this scope; locked until the transaction ends when it shall be changed."""
    return await uow.one_or_none(
        ListingRow,
        f"""
        SELECT {LISTING_COLUMNS} FROM works.listings l WHERE l.id = %(id)s
        {"FOR UPDATE" if lock else ""}
        """,
        id=listing_id,
    )


async def find_by_slug(uow: UnitOfWork, organisation_id: str, slug: str) -> ListingRow | None:
    """An organisation's listing of this slug."""
    return await uow.one_or_none(
        ListingRow,
        f"""
        SELECT {LISTING_COLUMNS} FROM works.listings l
        WHERE l.organisation_id = %(organisation_id)s AND l.slug = %(slug)s
        """,
        organisation_id=organisation_id,
        slug=slug,
    )


async def find_many(uow: UnitOfWork, listing_ids: Collection[str]) -> list[ListingRow]:
    """Those of these listings that this scope sees."""
    return await uow.all(
        ListingRow,
        f"SELECT {LISTING_COLUMNS} FROM works.listings l WHERE l.id = ANY(%(ids)s)",
        ids=list(listing_ids),
    )


async def of_organisation(
    uow: UnitOfWork, organisation_id: str, *, states: Sequence[str], before: str, limit: int
) -> list[ListingRow]:
    """An organisation's listings in these states, newest first."""
    return await uow.all(
        ListingRow,
        f"""
        SELECT {LISTING_COLUMNS} FROM works.listings l
        WHERE l.organisation_id = %(organisation_id)s AND l.state = ANY(%(states)s)
          AND (%(before)s = '' OR l.id < %(before)s)
        ORDER BY l.id DESC LIMIT %(limit)s
        """,
        organisation_id=organisation_id,
        states=list(states),
        before=before,
        limit=limit,
    )


async def totals(uow: UnitOfWork, organisation_id: str) -> SellerTotals:
    """An organisation's published listings, with their sales and downloads."""
    return await uow.one(
        SellerTotals,
        """
        SELECT count(DISTINCT l.id) AS works, coalesce(sum(c.sales), 0)::bigint AS sales,
            coalesce(sum(c.downloads), 0)::bigint AS downloads
        FROM works.listings l LEFT JOIN works.counts c ON c.listing_id = l.id
        WHERE l.organisation_id = %(id)s AND l.state = 'published' AND l.hidden_at IS NULL
        """,
        id=organisation_id,
    )


async def change_words(uow: UnitOfWork, listing_id: str, words: Words) -> None:
    """Writes edited words."""
    await uow.execute(
        """
        UPDATE works.listings
        SET title = %(title)s, summary = %(summary)s, card = %(card)s, licence = %(licence)s,
            category = %(category)s, task = %(task)s, tags = %(tags)s, metrics = %(metrics)s,
            compatibility = %(compatibility)s, regions = %(regions)s, updated_at = %(now)s
        WHERE id = %(id)s
        """,
        id=listing_id,
        now=uow.now,
        title=words.title,
        summary=words.summary,
        card=words.card,
        licence=words.licence,
        category=words.category,
        task=words.task,
        tags=words.tags,
        metrics=json_value(msgspec.to_builtins(words.metrics)),
        compatibility=json_value(msgspec.to_builtins(words.compatibility)),
        regions=words.regions,
    )


async def publish(
    uow: UnitOfWork, current_versions: Sequence[tuple[str, str]], *, version_ids: Sequence[str]
) -> None:
    """Publishes versions, and listings with the version that buyers get.

    Args:
        current_versions: pairs of listing id and version id.
    """
    await uow.execute(
        """
        UPDATE works.versions SET published_at = %(now)s
        WHERE id = ANY(%(ids)s) AND published_at IS NULL
        """,
        now=uow.now,
        ids=list(version_ids),
    )
    await uow.execute(
        """
        UPDATE works.listings l
        SET state = 'published', current_version_id = n.version_id, updated_at = %(now)s,
            published_at = coalesce(l.published_at, %(now)s), retired_at = NULL
        FROM unnest(%(listing_ids)s::text[], %(version_ids)s::text[]) AS n(listing_id, version_id)
        WHERE l.id = n.listing_id
        """,
        now=uow.now,
        listing_ids=[listing_id for listing_id, _ in current_versions],
        version_ids=[version_id for _, version_id in current_versions],
    )


async def retire(uow: UnitOfWork, listing_id: str) -> None:
    """Takes a listing off the market."""
    await uow.execute(
        """
        UPDATE works.listings SET state = 'retired', retired_at = %(now)s, updated_at = %(now)s
        WHERE id = %(id)s
        """,
        id=listing_id,
        now=uow.now,
    )


async def touch(uow: UnitOfWork, listing_id: str) -> None:
    """Notes that something about a listing changed now."""
    await uow.execute(
        "UPDATE works.listings SET updated_at = %(now)s WHERE id = %(id)s",
        id=listing_id,
        now=uow.now,
    )


async def for_sale(uow: UnitOfWork, listing_id: str) -> SaleRow | None:
    """What a sale needs of a listing and of the version it sells now; none of the long texts."""
    return await uow.one_or_none(
        SaleRow,
        """
        SELECT l.id, l.organisation_id, l.slug, l.kind, l.title, l.licence, l.state, l.regions,
            v.id AS version_id, v.version, v.revision_id
        FROM works.listings l LEFT JOIN works.versions v ON v.id = l.current_version_id
        WHERE l.id = %(id)s
        """,
        id=listing_id,
    )


async def counts(uow: UnitOfWork, listing_ids: Collection[str]) -> list[Counts]:
    """Sales and downloads of listings; those with none are left out."""
    return await uow.all(
        Counts,
        """
        SELECT listing_id, offer_id, sum(sales)::bigint AS sales,
            sum(downloads)::bigint AS downloads
        FROM works.counts WHERE listing_id = ANY(%(ids)s) GROUP BY listing_id, offer_id
        """,
        ids=list(listing_ids),
    )


async def count(
    uow: UnitOfWork, listing_id: str, *, offer_id: str, shard: int, sales: int, downloads: int
) -> None:
    """Adds to one of a listing's count rows, with the commit: nobody waits long for its lock."""
    uow.write_last(
        """
        INSERT INTO works.counts AS c (listing_id, offer_id, shard, sales, downloads)
        VALUES (%(listing_id)s, %(offer_id)s, %(shard)s, %(sales)s, %(downloads)s)
        ON CONFLICT (listing_id, offer_id, shard) DO UPDATE
        SET sales = c.sales + excluded.sales, downloads = c.downloads + excluded.downloads
        """,
        listing_id=listing_id,
        offer_id=offer_id,
        shard=shard,
        sales=sales,
        downloads=downloads,
    )
