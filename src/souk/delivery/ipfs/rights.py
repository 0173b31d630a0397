"""Who may have which content. Knowing a CID is no right to what it names.

Everybody may have the content of a published work that is given away for ever. Others may have
what they hold a good licence for, what their organisation sells, and what it has brought in itself.
Whoever may have a block may have all below it: it is of the same version or file. That holds of
nodes that were made as such; a file whose bytes are those of a node, with links to anything, is
bytes, and is asked for as bytes.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from souk.delivery.ipfs import store
from souk.delivery.ipfs.errors import ContentGone, ContentUnknown, ContentWithheld, LicenceNeeded
from souk.delivery.ipfs.store import Place
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.rights.licences.api import Licences
from souk.works.artifacts.api import Artifacts
from souk.works.listings.api import Listings
from souk_client.contracts.works import ListingSummary
from souk_client.proofs.ipfs import DAG_PB, Cid

MAX_PLACES: Final = 1000
MAX_LICENCES_ASKED: Final = 50


class Access(msgspec.Struct, frozen=True):
    """That a caller may have some content."""

    by_all: bool
    """Whether everybody may, so that the answer may be kept by caches."""


class Rights:
    """Decides, from what listings, licences and artifacts say at this moment."""

    def __init__(
        self, *, listings: Listings, licences: Licences, artifacts: Artifacts, base_url: str
    ) -> None:
        self._listings = listings
        self._licences = licences
        self._artifacts = artifacts
        self._base_url = base_url

    async def check(self, uow: UnitOfWork, actor: Actor, cid: Cid) -> Access:
        """Whether the caller may have the content of this CID (system scope).

        Raises:
            NotFound: `content_unknown`, also for a block inside of what the caller may not have.
            Forbidden: `licence_needed`. Gone: `content_gone`. Withheld: `content_withheld`.
        """
        places = await store.places(
            uow, cid.digest, cid.binary, as_node=cid.codec == DAG_PB, limit=MAX_PLACES
        )
        if not places:
            raise ContentUnknown()
        of_listings = {place.listing_id for place in places if place.listing_id is not None}
        works = await self._listings.summaries(uow, of_listings)
        given_away = await self._listings.given_away(uow, works.keys()) if works else set()
        published = {one.id for one in works.values() if one.state == "published"}
        if given_away & published:
            return Access(by_all=True)
        if actor.user_id is not None and await self._has_right(uow, actor, cid, places, works):
            return Access(by_all=False)
        raise await self._refusal(uow, places, works, given_away=given_away)

    async def given_to_all(self, uow: UnitOfWork, listing_id: str) -> bool:
        """Whether everybody may have a listing's content now (system scope)."""
        works = await self._listings.summaries(uow, [listing_id])
        if listing_id not in works or works[listing_id].state != "published":
            return False
        return bool(await self._listings.given_away(uow, [listing_id]))

    async def _has_right(
        self,
        uow: UnitOfWork,
        actor: Actor,
        cid: Cid,
        places: Sequence[Place],
        works: dict[str, ListingSummary],
    ) -> bool:
        if any(actor.belongs_to(place.organisation_id) for place in places):
            return True
        for listing_id in list(works)[:MAX_LICENCES_ASKED]:
            if await self._licences.find_good(
                uow, actor.memberships, listing_id, user_id=actor.user_id
            ):
                return True
        artifacts = await store.artifacts_of(uow, cid.digest, as_node=cid.codec == DAG_PB)
        for organisation_id in actor.memberships:
            if artifacts and await self._artifacts.held(uow, organisation_id, artifacts):
                return True
        return False

    async def _refusal(
        self,
        uow: UnitOfWork,
        places: Sequence[Place],
        works: dict[str, ListingSummary],
        *,
        given_away: set[str],
    ) -> Exception:
        """Why not. What is inside of a work is not even confirmed to be there."""
        named = [p.listing_id for p in places if p.is_root and p.listing_id in works]
        once_for_all = [one for one in works if one in given_away]
        for listing_id in dict.fromkeys([*once_for_all, *named]):
            work = works[listing_id]
            if work.state == "published":
                return LicenceNeeded(work.address, f"{self._base_url}/{work.address}")
            if (await self._listings.get(uow, listing_id)).hidden:
                return ContentWithheld()
            return ContentGone("its listing was retired")
        return ContentUnknown()
