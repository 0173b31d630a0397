"""Taking a listing off the market by the moderators' word, and giving it back.

A hidden listing is not sold and not found; its words are shown to its owner and to moderators
alone. Who holds a licence keeps it and the files.
"""

from souk.infra.postgres.uow import UnitOfWork
from souk.people.organisations.api import OrganisationsApi
from souk.works.listings import hiding_store, store, version_store
from souk.works.listings.announcing import announce
from souk.works.listings.errors import ListingUnknown
from souk.works.listings.events import ListingRetired
from souk.works.listings.model import ListingRow
from souk.works.listings.service import ListingService
from souk.works.revisions.api import Revisions


class ListingHiding:
    """Implements `listings.api.ListingOversight`."""

    def __init__(
        self, listings: ListingService, revisions: Revisions, organisations: OrganisationsApi
    ) -> None:
        self._listings = listings
        self._revisions = revisions
        self._organisations = organisations

    async def hide(self, uow: UnitOfWork, listing_id: str, *, reason: str) -> None:
        """Takes a listing off the market; harmless to repeat."""
        row = await self._locked(uow, listing_id)
        if row.hidden_at is None:
            await self._hide(uow, row, reason=reason, with_seller=False)
        else:  # with its seller, perhaps: from now on in its own right
            await hiding_store.hide_alone(uow, row.id, reason=reason)

    async def restore(self, uow: UnitOfWork, listing_id: str) -> None:
        """Gives a hidden listing back in the state it had; harmless to repeat."""
        row = await self._locked(uow, listing_id)
        if row.hidden_at is None:
            return
        if (await self._organisations.get(uow, row.organisation_id)).hidden:
            await hiding_store.hide_with_seller(uow, row.id)
        else:
            await self._restore(uow, row)

    async def hide_seller(self, uow: UnitOfWork, organisation_id: str, *, reason: str) -> None:
        """Hides every published listing of a seller; harmless to repeat."""
        for listing_id in await hiding_store.published_of(uow, organisation_id):
            row = await self._locked(uow, listing_id)
            if row.hidden_at is None:
                await self._hide(uow, row, reason=reason, with_seller=True)

    async def restore_seller(self, uow: UnitOfWork, organisation_id: str) -> None:
        """Gives back what was hidden with the seller."""
        for listing_id in await hiding_store.hidden_with(uow, organisation_id):
            await self._restore(uow, await self._locked(uow, listing_id))

    async def _hide(
        self, uow: UnitOfWork, row: ListingRow, *, reason: str, with_seller: bool
    ) -> None:
        await hiding_store.hide(uow, row.id, reason=reason, with_seller=with_seller)
        if row.state == "published":
            uow.publish(
                ListingRetired(
                    listing_id=row.id,
                    organisation_id=row.organisation_id,
                    address=await self._listings.address_of(uow, row),
                    title=row.title,
                    kind=row.kind,
                )
            )

    async def _restore(self, uow: UnitOfWork, row: ListingRow) -> None:
        state = await hiding_store.unhide(uow, row.id)
        if state != "published":
            return
        assert row.current_version_id is not None  # the database admits no published one without
        (current,) = await version_store.versions_by_id(uow, [row.current_version_id])
        announce(
            uow,
            row,
            address=await self._listings.address_of(uow, row),
            user_id=None,
            version=None,
            first=True,
            current=current,
            tree=await self._revisions.files(uow, current.revision_id),
        )

    async def _locked(self, uow: UnitOfWork, listing_id: str) -> ListingRow:
        row = await store.find(uow, listing_id, lock=True)
        if row is None:
            raise ListingUnknown()
        return row
