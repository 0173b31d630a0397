"""What other contexts may know of organisations."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.ids import InvitationId, OrganisationId, UserId
from souk.people.organisations.countries import COUNTRIES, country_name, named_regions
from souk_client.contracts.works import Region

__all__ = [
    "COUNTRIES",
    "BillingApi",
    "BillingFacts",
    "InvitationFacts",
    "MemberFacts",
    "MembershipFacts",
    "OrganisationEntry",
    "OrganisationFacts",
    "OrganisationOversight",
    "OrganisationsApi",
    "Profile",
    "Profiles",
    "country_name",
    "named_regions",
]


class OrganisationFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation, as everybody may see it."""

    id: OrganisationId
    slug: str
    name: str
    personal: bool
    created_at: datetime
    hidden: bool = False
    """Whether moderators took it from sight; its name stays where it was party to something."""


class OrganisationEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation in the operator's list."""

    id: OrganisationId
    slug: str
    name: str
    personal: bool
    created_at: datetime
    members: int


class MembershipFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A user's place in an organisation."""

    organisation_id: OrganisationId
    slug: str
    organisation_name: str
    personal: bool
    role: str


class MemberFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A member, as fellow members see them."""

    organisation_id: OrganisationId
    user_id: UserId
    name: str
    email: str
    role: str
    joined_at: datetime


class InvitationFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation into an organisation."""

    id: InvitationId
    organisation_id: OrganisationId
    slug: str
    organisation_name: str
    email: str
    role: str
    state: str
    created_at: datetime
    expires_at: datetime


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What an organisation says of itself, to everybody."""

    about: str
    """Markdown."""
    website: str | None


class Profiles(Protocol):
    """What organisations say of themselves."""

    async def profile(self, uow: UnitOfWork, organisation_id: str) -> Profile:
        """Empty when it never said anything."""
        ...

    async def describe(
        self,
        uow: UnitOfWork,
        actor: Actor,
        organisation_id: str,
        *,
        about: str | None,
        website: str | None,
    ) -> Profile:
        """Changes what is not None; an empty website is removed.

        Raises:
            Forbidden: `not_manager`. Invalid: `text_invalid`.
        """
        ...


class BillingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Where an organisation says it buys from."""

    country: str
    """ISO 3166-1 alpha-2."""
    region: Region | None
    """The part of the world that it lies in."""
    stated_at: datetime


class BillingApi(Protocol):
    """The country that an organisation buys from: what it says, seen by its members alone."""

    async def of(self, uow: UnitOfWork, organisation_id: str) -> BillingFacts | None:
        """None when it never said."""
        ...

    async def state(
        self, uow: UnitOfWork, actor: Actor, organisation_id: str, *, country: str
    ) -> BillingFacts:
        """Says it, or says it anew.

        Raises:
            NotFound: `organisation_unknown` when it is none of the caller's.
            Invalid: `country_unknown`.
        """
        ...


class OrganisationOversight(Protocol):
    """For moderators, in the system's scope."""

    async def hide(self, uow: UnitOfWork, organisation_id: str, *, reason: str) -> None:
        """Takes it from sight. Harmless to repeat. Raises NotFound `organisation_unknown`."""
        ...

    async def restore(self, uow: UnitOfWork, organisation_id: str) -> None:
        """Shows it again. Harmless to repeat. Raises NotFound `organisation_unknown`."""
        ...


class OrganisationsApi(Protocol):
    """Organisations, as other contexts see them."""

    async def get(self, uow: UnitOfWork, organisation_id: str) -> OrganisationFacts:
        """An organisation; raises NotFound `organisation_unknown`."""
        ...

    async def by_slug(self, uow: UnitOfWork, slug: str) -> OrganisationFacts | None:
        """The organisation of this slug, or None."""
        ...

    async def seller(self, uow: UnitOfWork, slug: str) -> OrganisationFacts:
        """The organisation of this slug as a seller who is looked at.

        Raises:
            NotFound: `organisation_unknown`, also when moderators hid it and this scope is not its
                own.
        """
        ...

    async def is_hidden(self, uow: UnitOfWork, organisation_id: str) -> bool:
        """Whether moderators hid it; an organisation of one's own stays so until this
        transaction ends."""
        ...

    async def many(
        self, uow: UnitOfWork, organisation_ids: Sequence[str]
    ) -> Mapping[str, OrganisationFacts]:
        """Several at once, by id; unknown ones are left out."""
        ...

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
        """A new one with its first owner; a slug is made from the name when None.

        Raises Conflict `slug_taken` or `slug_reserved`.
        """
        ...

    async def memberships(self, uow: UnitOfWork, user_id: UserId) -> list[MembershipFacts]:
        """Where a user belongs, the personal organisation first."""
        ...

    async def members(
        self, uow: UnitOfWork, actor: Actor, organisation_id: str
    ) -> list[MemberFacts]:
        """Who belongs to an organisation of the caller's."""
        ...

    async def members_of(
        self, uow: UnitOfWork, organisation_ids: Sequence[str]
    ) -> Mapping[str, list[MemberFacts]]:
        """The members of several organisations, by organisation (system scope)."""
        ...
