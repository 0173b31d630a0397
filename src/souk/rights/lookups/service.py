"""Look-ups as the routes and pages use them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import NotFound
from souk.rights.lookups import store
from souk.rights.lookups.store import CopyRow
from souk.rights.provenance.api import Provenance, ProvenanceEntry
from souk.works.likeness.api import Like, Likeness
from souk.works.listings.api import Listings
from souk_client.contracts.lookups import AlikeFile, Copies, Copy, FileLookup, FileWork

MAX_WORKS: Final = 50
MAX_ALIKE: Final = 20
MAX_COPIES: Final = 20


class LookupService:
    """Implements `souk.rights.lookups.api.Lookups`.

    Args:
        provenance: says who published what first.
        likeness: says which files are alike.
        listings: the works that hold them.
    """

    def __init__(self, *, provenance: Provenance, likeness: Likeness, listings: Listings) -> None:
        self._provenance = provenance
        self._likeness = likeness
        self._listings = listings

    async def file(self, uow: UnitOfWork, sha256: str) -> FileLookup:
        owned = await self._provenance.by_hash(uow, sha256)
        first = owned.first_published
        found = [] if first is None else await self._likeness.like(uow, sha256, limit=MAX_ALIKE)
        firsts = await self._firsts(uow, found)
        ids = [_listing_of(first)] if first is not None else []
        ids += [_listing_of(entry) for entry in owned.entries]
        works = await self._works(uow, [*ids, *(_listing_of(one) for one in firsts.values())])
        holding = list(dict.fromkeys(ids))[:MAX_WORKS]
        return FileLookup(
            sha256=sha256,
            first_published=first,
            works=[works[listing_id] for listing_id in holding if listing_id in works],
            compared=await self._likeness.looked_at(uow, sha256),
            alike=[
                AlikeFile(
                    sha256=like.sha256,
                    share=round(like.share, 3),
                    found_by=like.found_by,
                    entry_id=entry.id,
                    published_at=entry.created_at,
                    earlier=first is not None and entry.id < first.id,
                    work=works.get(_listing_of(entry)),
                )
                for like in found
                if (entry := firsts.get(like.sha256)) is not None
            ],
        )

    async def copies(self, uow: UnitOfWork, listing_id: str) -> Copies:
        if not await self._listings.can_be_seen(uow, listing_id):
            raise NotFound("listing_unknown", "There is no such listing, or it is not public.")
        rows = await store.of_listing(uow, listing_id, limit=MAX_COPIES)
        others = {one for row in rows for one in (row.listing_id, row.of_listing_id)}
        works = await self._works(uow, others - {listing_id})
        earlier: list[Copy] = []
        later: list[Copy] = []
        for row in rows:
            is_copy = row.listing_id == listing_id
            work = works.get(row.of_listing_id if is_copy else row.listing_id)
            if work is not None:
                (earlier if is_copy else later).append(_copy(row, work, is_copy=is_copy))
        return Copies(earlier=earlier, later=later)

    async def _firsts(
        self, uow: UnitOfWork, found: Sequence[Like]
    ) -> Mapping[str, ProvenanceEntry]:
        firsts = {}
        for like in found:
            entry = (await self._provenance.by_hash(uow, like.sha256)).first_published
            if entry is not None:
                firsts[like.sha256] = entry
        return firsts

    async def _works(self, uow: UnitOfWork, listing_ids: Collection[str]) -> Mapping[str, FileWork]:
        """Those of these works that are on the market, by listing."""
        if not listing_ids:
            return {}
        summaries = await self._listings.summaries(uow, set(listing_ids))
        shown = {key: one for key, one in summaries.items() if one.state == "published"}
        counts = await store.good_licences(uow, sorted(shown))
        return {
            listing_id: FileWork(
                listing_id=listing_id,
                address=one.address,
                title=one.title,
                kind=one.kind,
                owner=one.owner,
                licence=one.licence,
                good_licences=counts.get(listing_id, 0),
            )
            for listing_id, one in shown.items()
        }


def _listing_of(entry: ProvenanceEntry) -> str:
    return str(entry.body["listing_id"])


def _copy(row: CopyRow, work: FileWork, *, is_copy: bool) -> Copy:
    return Copy(
        work=work,
        sha256=row.sha256 if is_copy else row.of_sha256,
        other_sha256=row.of_sha256 if is_copy else row.sha256,
        share=row.share_permille / 1000,
        found_by=row.found_by,
        found_at=row.found_at,
    )
