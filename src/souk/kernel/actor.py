"""Who is asking: the signed-in user, their organisations, and what they may do. Deny by default."""

from collections.abc import Mapping
from typing import Final

import msgspec

from souk.kernel.errors import Forbidden, NotFound, Unauthenticated
from souk.kernel.ids import OrganisationId, UserId

MANAGING_ROLES: Final = frozenset({"owner", "manager"})


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """A caller, as the access context has established it. Plain data, no lookups."""

    user_id: UserId | None = None
    name: str = ""
    email: str = ""
    organisation_id: OrganisationId | None = None
    """The personal organisation."""
    memberships: Mapping[OrganisationId, str] = msgspec.field(default_factory=dict)
    """Every organisation of the user, the personal one included, and the role in it."""
    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    credential: str = "none"
    """How the caller proved it: `none`, `token`, `key` or `session` (a page's cookie)."""

    @property
    def is_admin(self) -> bool:
        return "admin" in self.roles

    def require_user(self) -> UserId:
        """The signed-in user.

        Raises:
            Unauthenticated: `sign_in_needed`.
        """
        if self.user_id is None:
            raise Unauthenticated(
                "sign_in_needed", "Sign in, or send a bearer token or an API key (vk_…)."
            )
        return self.user_id

    def require(self, permission: str) -> UserId:
        """The signed-in user, when allowed to do this.

        Raises:
            Unauthenticated: `sign_in_needed`.
            Forbidden: `permission_missing`.
        """
        user_id = self.require_user()
        if permission not in self.permissions:
            raise Forbidden(
                "permission_missing",
                f"This needs the permission {permission!r}, which your roles do not include.",
            )
        return user_id

    def acting_for(self, organisation_id: str | None) -> OrganisationId:
        """The organisation the caller acts for: the one named, else the personal one.

        Raises:
            Unauthenticated: `sign_in_needed`.
            NotFound: `organisation_unknown`, also when the caller is no member of it.
        """
        self.require_user()
        if organisation_id is None:
            assert self.organisation_id is not None
            return self.organisation_id
        chosen = OrganisationId(organisation_id)
        if chosen not in self.memberships:
            raise NotFound(
                "organisation_unknown", "There is no such organisation, or you are no member of it."
            )
        return chosen

    def belongs_to(self, organisation_id: str) -> bool:
        """Whether the caller is a member of this organisation."""
        return organisation_id in self.memberships

    def manages(self, organisation_id: str) -> bool:
        """Whether the caller may manage this organisation (owner or manager)."""
        return self.memberships.get(OrganisationId(organisation_id)) in MANAGING_ROLES


ANONYMOUS: Final = Actor()
