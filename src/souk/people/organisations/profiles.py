"""What an organisation says of itself."""

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Forbidden, Invalid
from souk.people.organisations import profile_store
from souk.people.organisations.api import Profile

_NOTHING = Profile(about="", website=None)


class ProfileService:
    """Implements `organisations.api.Profiles`."""

    async def profile(self, uow: UnitOfWork, organisation_id: str) -> Profile:
        return await profile_store.get(uow, organisation_id) or _NOTHING

    async def describe(
        self,
        uow: UnitOfWork,
        actor: Actor,
        organisation_id: str,
        *,
        about: str | None,
        website: str | None,
    ) -> Profile:
        if not actor.manages(actor.acting_for(organisation_id)):
            raise Forbidden(
                "not_manager", "Only the organisation's owners and managers may do this."
            )
        if about is not None and "\0" in about:
            raise Invalid("text_invalid", "The text may not contain NUL characters.")
        before = await self.profile(uow, organisation_id)
        after = Profile(
            about=before.about if about is None else about.strip(),
            website=before.website if website is None else website.strip() or None,
        )
        await profile_store.put(uow, organisation_id, after)
        return after
