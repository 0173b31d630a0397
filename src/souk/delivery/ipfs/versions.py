"""The CIDs of published versions, for the API and the listing's page."""

from typing import Final

from souk.delivery.ipfs import remote_store, store
from souk.delivery.ipfs.rights import Rights
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import NotFound, Unavailable
from souk.works.listings.api import Listings
from souk_client.contracts.ipfs import VersionCid
from souk_client.proofs.ipfs import read_cid

SOON_S: Final = 5


class VersionCids:
    """Says under which CID a version is, and who may fetch it."""

    def __init__(self, *, listings: Listings, rights: Rights, base_url: str) -> None:
        self._listings = listings
        self._rights = rights
        self._base_url = base_url

    async def of_version(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, version: str
    ) -> VersionCid:
        """The CID of a published version.

        Raises:
            NotFound: `listing_unknown`, `version_unknown`.
            Unavailable: `tree_not_made` shortly after it was published.
        """
        listing = await self._listings.get(uow, listing_id)
        found = [one for one in listing.versions if one.version == version and one.published_at]
        if not found:
            raise NotFound("version_unknown", f"There is no published version {version[:80]!r}.")
        known = await self.find(
            uow, listing_id, found[0].id, to_owner=actor.belongs_to(listing.owner.id)
        )
        if known is None:
            raise Unavailable(
                "tree_not_made", "This version has no CID yet; ask again.", retry_after_s=SOON_S
            )
        return known

    async def root_of(self, uow: UnitOfWork, version_id: str) -> str | None:
        """The CID of a version as a folder; None when it has none yet."""
        async with uow.as_system():
            tree = await store.tree(uow, version_id)
        return None if tree is None else str(read_cid(tree.root, 0)[0])

    async def find(
        self, uow: UnitOfWork, listing_id: str, version_id: str, *, to_owner: bool = False
    ) -> VersionCid | None:
        """The CID of a version by its id; None when it has none yet."""
        async with uow.as_system():
            tree = await store.tree(uow, version_id)
            if tree is None or tree.listing_id != listing_id:
                return None
            by_all = await self._rights.given_to_all(uow, listing_id)
            remote = await remote_store.of_version(uow, version_id) if to_owner else None
        cid = str(read_cid(tree.root, 0)[0])
        return VersionCid(
            cid=cid,
            size_bytes=tree.size_bytes,
            by_all=by_all,
            car_url=f"{self._base_url}/ipfs/{cid}?format=car",
            remote_pin=remote.shown() if remote else None,
        )
