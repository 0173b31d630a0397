"""Use cases of organisations."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, Forbidden, NotFound
from souk.kernel.ids import InvitationId, OrganisationId, UserId, new_id
from souk.kernel.paging import Page, decode_cursor, page_of
from souk.kernel.texts import clean_name
from souk.people.identity.api import CallerChanges
from souk.people.organisations import store
from souk.people.organisations.api import (
    InvitationFacts,
    MemberFacts,
    MembershipFacts,
    OrganisationEntry,
    OrganisationFacts,
)
from souk.people.organisations.events import MemberInvited, MembershipChanged
from souk.people.organisations.model import (
    INVITATION_DAYS,
    MANAGING,
    check_slug,
    may_grant,
    slug_from,
)


class OrganisationService:
    """Implements `OrganisationsApi` and `OrganisationOversight`, and what its routes need."""

    def __init__(self, news: CallerChanges) -> None:
        self._news = news

    async def get(self, uow: UnitOfWork, organisation_id: str) -> OrganisationFacts:
        found = await store.get(uow, organisation_id)
        if found is None:
            raise _unknown()
        return found

    async def by_slug(self, uow: UnitOfWork, slug: str) -> OrganisationFacts | None:
        return await store.by_slug(uow, slug)

    async def seller(self, uow: UnitOfWork, slug: str) -> OrganisationFacts:
        found = await store.by_slug(uow, slug)
        if found is None or (found.hidden and not uow.scope.owns(found.id)):
            raise _unknown()
        return found

    async def is_hidden(self, uow: UnitOfWork, organisation_id: str) -> bool:
        return await store.is_hidden(uow, organisation_id)

    async def shown(self, uow: UnitOfWork, organisation_id: str) -> OrganisationFacts:
        """As `get`, for somebody who looks at it; raises as `seller`."""
        found = await self.get(uow, organisation_id)
        if found.hidden and not uow.scope.owns(found.id):
            raise _unknown()
        return found

    async def hide(self, uow: UnitOfWork, organisation_id: str, *, reason: str) -> None:
        """Takes it from sight, by the moderators' word; see `OrganisationOversight`."""
        await self.get(uow, organisation_id)
        await store.hide(uow, organisation_id, reason=reason)

    async def restore(self, uow: UnitOfWork, organisation_id: str) -> None:
        """Shows it again; see `OrganisationOversight`."""
        await self.get(uow, organisation_id)
        await store.restore(uow, organisation_id)

    async def many(
        self, uow: UnitOfWork, organisation_ids: Sequence[str]
    ) -> Mapping[str, OrganisationFacts]:
        found = await store.many(uow, organisation_ids)
        return {organisation.id: organisation for organisation in found}

    async def directory(
        self, uow: UnitOfWork, actor: Actor, *, query: str, cursor: str | None, limit: int
    ) -> Page[OrganisationEntry]:
        """Admin: organisations, newest first, whose slug or name holds the query."""
        actor.require("marketplace:administer")
        key = decode_cursor(cursor, size=1)
        before = str(key[0]) if key else None
        rows = await store.page(uow, query=query, before=before, limit=limit + 1)
        return page_of(rows, limit=limit, key=lambda row: [row.id])

    async def create(
        self,
        uow: UnitOfWork,
        *,
        owner_id: UserId,
        slug: str | None,
        name: str,
        personal: bool,
        organisation_id: OrganisationId | None = None,
    ) -> OrganisationFacts:
        new = organisation_id or OrganisationId(new_id("org", uow.now))
        shown = clean_name(name, name="organisation's name")
        tries = [check_slug(slug)] if slug else _free_slugs(name, tail=new[-6:])
        for chosen in tries:
            organisation = OrganisationFacts(
                id=new, slug=chosen, name=shown, personal=personal, created_at=uow.now
            )
            if await store.insert(uow, organisation):
                break
        else:
            raise Conflict("slug_taken", f"The name {tries[0]!r} is taken; choose another.")
        async with uow.as_system():  # the founder is no member yet, so the policy would refuse
            await store.put_member(uow, organisation_id=new, user_id=owner_id, role="owner")
        await self._announce(uow, new, owner_id)
        return organisation

    async def memberships(self, uow: UnitOfWork, user_id: UserId) -> list[MembershipFacts]:
        return await store.memberships(uow, user_id)

    async def members(
        self, uow: UnitOfWork, actor: Actor, organisation_id: str
    ) -> list[MemberFacts]:
        actor.acting_for(organisation_id)
        return await store.members(uow, [organisation_id])

    async def members_of(
        self, uow: UnitOfWork, organisation_ids: Sequence[str]
    ) -> Mapping[str, list[MemberFacts]]:
        found: dict[str, list[MemberFacts]] = {}
        for member in await store.members(uow, organisation_ids):
            found.setdefault(member.organisation_id, []).append(member)
        return found

    async def rename(
        self, uow: UnitOfWork, actor: Actor, organisation_id: str, *, name: str
    ) -> OrganisationFacts:
        """Changes the display name; the slug stays, since addresses carry it."""
        _require_manager(actor, organisation_id)
        shown = clean_name(name, name="organisation's name")
        await store.rename(uow, organisation_id, name=shown)
        return await self.get(uow, organisation_id)

    async def invite(
        self, uow: UnitOfWork, actor: Actor, organisation_id: str, *, email: str, role: str
    ) -> InvitationFacts:
        """Asks somebody to join, by e-mail address; they may not have an account yet."""
        inviter = actor.require_user()
        organisation = await self.get(uow, actor.acting_for(organisation_id))
        if organisation.personal:
            raise Conflict(
                "organisation_personal", "A personal organisation has no other members; make one."
            )
        if not may_grant(actor.memberships.get(organisation.id), role):
            raise _not_manager()
        invitation_id = InvitationId(new_id("inv", uow.now))
        added = await store.insert_invitation(
            uow,
            invitation_id=invitation_id,
            organisation_id=organisation.id,
            email=email.lower(),
            role=role,
            invited_by=inviter,
            expires_at=uow.now + timedelta(days=INVITATION_DAYS),
        )
        if not added:
            raise Conflict("invitation_pending", "This address has an invitation already.")
        uow.publish(
            MemberInvited(
                invitation_id=invitation_id,
                organisation_id=organisation.id,
                organisation_name=organisation.name,
                email=email.lower(),
                role=role,
            )
        )
        found = await store.invitation(uow, invitation_id)
        assert found is not None
        return found

    async def invitations(
        self, uow: UnitOfWork, actor: Actor, organisation_id: str
    ) -> list[InvitationFacts]:
        """What an organisation has sent out; managers only."""
        _require_manager(actor, organisation_id)
        return await store.invitations_to(uow, organisation_id)

    async def my_invitations(self, uow: UnitOfWork, actor: Actor) -> list[InvitationFacts]:
        """What has come in for the caller's e-mail address."""
        actor.require_user()
        return await store.invitations_of(uow, actor.email)

    async def answer(
        self, uow: UnitOfWork, actor: Actor, invitation_id: str, *, accept: bool
    ) -> InvitationFacts:
        """Joins, or declines to."""
        user_id = actor.require_user()
        found = await store.invitation(uow, invitation_id)
        if found is None or found.email != actor.email:
            raise NotFound("invitation_unknown", "There is no such invitation for you.")
        state = "accepted" if accept else "declined"
        if not await store.answer_invitation(uow, invitation_id, state=state):
            raise Conflict("invitation_settled", f"This invitation is {found.state} already.")
        if accept:
            async with uow.as_system():  # membership begins with this row
                await store.put_member(
                    uow, organisation_id=found.organisation_id, user_id=user_id, role=found.role
                )
            await self._announce(uow, found.organisation_id, user_id)
        settled = await store.invitation(uow, invitation_id)
        assert settled is not None
        return settled

    async def remove(
        self, uow: UnitOfWork, actor: Actor, organisation_id: str, user_id: str
    ) -> None:
        """Removes a member, or lets the caller leave; the last owner stays."""
        organisation = await self.get(uow, actor.acting_for(organisation_id))
        member = next(
            (m for m in await store.members(uow, [organisation.id]) if m.user_id == user_id), None
        )
        if member is None:
            raise NotFound("member_unknown", "There is no such member.")
        own_role = actor.memberships.get(organisation.id)
        if user_id != actor.user_id and not may_grant(own_role, member.role):
            raise _not_manager()
        owners = await store.lock_owners(uow, organisation.id)
        if owners == [user_id]:
            raise Conflict("last_owner", "The last owner cannot leave; make another owner first.")
        await store.remove_member(uow, organisation_id=organisation.id, user_id=user_id)
        await self._announce(uow, organisation.id, user_id)

    async def _announce(self, uow: UnitOfWork, organisation_id: str, user_id: str) -> None:
        uow.publish(MembershipChanged(organisation_id=organisation_id, user_id=user_id))
        await self._news.changed(uow, user_id)


def _free_slugs(name: str, *, tail: str) -> list[str]:
    """Slugs to try for a name, the last one practically never taken."""
    base = slug_from(name)
    numbered = f"{base}-{tail}" if base else f"user-{tail}"
    try:
        return [check_slug(base), numbered] if base else [numbered]
    except Conflict:
        return [numbered]


def _require_manager(actor: Actor, organisation_id: str) -> None:
    chosen = actor.acting_for(organisation_id)
    if actor.memberships.get(chosen) not in MANAGING:
        raise _not_manager()


def _not_manager() -> Forbidden:
    return Forbidden(
        "not_manager", "Only the organisation's owners and managers may do this, within their role."
    )


def _unknown() -> NotFound:
    return NotFound("organisation_unknown", "There is no such organisation.")
