"""Facts about people as the wire shows them."""

from collections.abc import Sequence
from typing import cast

from souk.people.access.api import ApiKeyFacts
from souk.people.access.model import permissions_of
from souk.people.identity.api import UserFacts
from souk.people.organisations.api import MembershipFacts, OrganisationFacts
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.people import ApiKey, Me, Membership, Role, User


def user_of(user: UserFacts, organisation: OrganisationFacts) -> User:
    """A user with the personal organisation."""
    return User(
        id=user.id,
        email=user.email,
        name=user.name,
        roles=cast(list[Role], user.roles),  # the database admits no other
        organisation=OwnerRef(id=organisation.id, slug=organisation.slug, name=organisation.name),
        bio=user.bio,
        created_at=user.created_at,
    )


def me_of(user: User, memberships: Sequence[MembershipFacts]) -> Me:
    """The caller's own account."""
    return Me(
        user=user,
        memberships=[
            Membership(
                organisation=OwnerRef(
                    id=one.organisation_id, slug=one.slug, name=one.organisation_name
                ),
                role=one.role,  # type: ignore[arg-type]  # the database admits no other
                personal=one.personal,
            )
            for one in memberships
        ],
        permissions=sorted(permissions_of(user.roles)),
    )


def key_of(key: ApiKeyFacts) -> ApiKey:
    return ApiKey(
        id=key.id,
        name=key.name,
        hint=key.hint,
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
    )
