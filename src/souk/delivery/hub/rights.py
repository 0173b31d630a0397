"""Who may have a repository's files: its seller, everybody when it is given away, licensees."""

from typing import Literal

import msgspec

from souk.delivery.hub.desk import Seen
from souk.delivery.hub.errors import Disabled, Gated
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.rights.licences.api import Licences
from souk.works.listings.api import Listings


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """Why the caller may have the files."""

    by: Literal["membership", "gift", "licence"]
    licence_id: str | None = None


class FileRights:
    """Admits callers to files."""

    def __init__(self, listings: Listings, licences: Licences, *, base_url: str) -> None:
        self._listings = listings
        self._licences = licences
        self._base_url = base_url

    async def gated(self, uow: UnitOfWork, seen: Seen) -> bool:
        """Whether a licence is needed, by whomever."""
        if seen.repository.state != "published" or seen.repository.hidden:
            return True
        return seen.id not in await self._listings.given_away(uow, [seen.id])

    async def admit(self, uow: UnitOfWork, actor: Actor, seen: Seen) -> Pass:
        """The pass of this caller.

        Raises:
            Forbidden: `repository_gated` with the reason and the page where to get access,
                `repository_disabled`.
        """
        if seen.member:
            return Pass(by="membership")
        if not await self.gated(uow, seen):
            return Pass(by="gift")
        if actor.user_id is not None:
            grant = await self._licences.find_good(
                uow, list(actor.memberships), seen.id, user_id=actor.user_id
            )
            if grant is not None:
                return Pass(by="licence", licence_id=grant.licence_id)
        if seen.repository.hidden:
            raise Disabled()
        raise Gated(await self._reason(uow, actor, seen), page=f"{self._base_url}/{seen.address}")

    async def _reason(self, uow: UnitOfWork, actor: Actor, seen: Seen) -> str:
        if seen.repository.state != "published":
            return f"{seen.address} is no longer for sale, and you hold no licence for it."
        if actor.user_id is None:
            return f"{seen.address} needs a licence: send your API key as the token."
        held = await self._licences.list(
            uow, organisation_ids=list(actor.memberships), listing_id=seen.id, limit=1
        )
        for licence in held.items:
            check = await self._licences.check(uow, licence.id, user_id=actor.user_id)
            why = check.reason or f"it is {check.state.replace('_', ' ')}"
            return f"Your licence for {seen.address} does not open it: {why}."
        return f"{seen.address} needs a licence, and you hold none."
