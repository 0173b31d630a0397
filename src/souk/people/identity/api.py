"""What other contexts may know of a user."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.ids import OrganisationId, UserId
from souk.kernel.paging import Page


class UserFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A user, without any secret."""

    id: UserId
    email: str
    name: str
    bio: str
    roles: list[str]
    organisation_id: OrganisationId
    """The personal organisation."""
    created_at: datetime


class IdentityApi(Protocol):
    """Accounts, as other contexts see them. Every call needs a scope that may see the users."""

    async def get(self, uow: UnitOfWork, user_id: UserId) -> UserFacts:
        """A user; raises NotFound `user_unknown`."""
        ...

    async def many(self, uow: UnitOfWork, user_ids: Sequence[str]) -> Mapping[str, UserFacts]:
        """Several at once, by id; unknown ones are left out."""
        ...

    async def create(
        self,
        uow: UnitOfWork,
        *,
        user_id: UserId,
        email: str,
        name: str,
        password: str,
        roles: Sequence[str],
        organisation_id: OrganisationId,
    ) -> UserFacts:
        """A new account; raises Conflict `email_taken`, Invalid `password_weak`."""
        ...

    async def by_password(self, uow: UnitOfWork, *, email: str, password: str) -> UserFacts:
        """The user whose password this is; raises Unauthenticated `credentials_wrong`."""
        ...

    async def change_password(
        self, uow: UnitOfWork, user_id: UserId, *, current: str, new: str
    ) -> None:
        """Replaces the password; raises Unauthenticated `credentials_wrong`."""
        ...

    async def update(
        self, uow: UnitOfWork, user_id: UserId, *, name: str | None, bio: str | None
    ) -> UserFacts:
        """Changes the profile; None leaves a field as it is."""
        ...

    async def set_roles(
        self, uow: UnitOfWork, user_id: UserId, *, roles: Sequence[str]
    ) -> UserFacts:
        """What a user may do in the marketplace."""
        ...

    async def page(
        self, uow: UnitOfWork, *, query: str, cursor: str | None, limit: int
    ) -> Page[UserFacts]:
        """Users, newest first, whose e-mail address or name holds the query."""
        ...

    async def with_role(self, uow: UnitOfWork, role: str) -> list[UserId]:
        """Everybody who has a role, at most a thousand."""
        ...


class CallerChanges(Protocol):
    """Whoever remembers a caller must forget when something about them changes."""

    async def changed(self, uow: UnitOfWork, row_id: str) -> None:
        """A session, key or user is not what it was; told to all when the change commits."""
        ...
