"""Whether a reader may still have what a token was given out for."""

from souk.delivery.xet.tokens import Reader
from souk.infra.postgres.uow import UnitOfWork
from souk.rights.licences.api import Licences
from souk.works.listings.api import Listings


class ReadRights:
    """Decides from what listings and licences say at this moment (system scope).

    The repository has decided the same, and counted the download, when it gave out the token; what
    may have ended since is asked here, so that a token outlives no right.
    """

    def __init__(self, listings: Listings, licences: Licences) -> None:
        self._listings = listings
        self._licences = licences

    async def last(self, uow: UnitOfWork, reader: Reader) -> bool:
        """Whether the listing is the reader's own, given away, or licensed to them now."""
        works = await self._listings.summaries(uow, [reader.listing_id])
        if reader.listing_id not in works:
            return False
        listing = works[reader.listing_id]
        if listing.owner.id in reader.own:
            return True
        offered = listing.state == "published"  # which one that moderators took down is not
        if offered and await self._listings.given_away(uow, [listing.id]):
            return True
        if not reader.user_id:
            return False
        found = await self._licences.find_good(uow, reader.own, listing.id, user_id=reader.user_id)
        return found is not None
