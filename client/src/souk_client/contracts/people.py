"""People: accounts, sessions, API keys, organisations."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from souk_client.contracts.base import Answer, Email, Name, OwnerRef, Request, Slug

Role = Literal["buyer", "seller", "admin"]
"""What a user may do in the marketplace."""

MemberRole = Literal["owner", "manager", "member"]
"""What a member may do inside an organisation."""

Password = Annotated[str, Meta(min_length=10, max_length=256, description="10 to 256 characters")]


class RegisterRequest(Request, frozen=True, kw_only=True):
    """A new account, with a personal organisation of its own."""

    email: Email
    password: Password
    name: Name
    handle: Slug | None = None
    """Slug of the personal organisation; made from the name when left out."""


class LoginRequest(Request, frozen=True, kw_only=True):
    email: Email
    password: Annotated[str, Meta(max_length=256)]


class RefreshRequest(Request, frozen=True, kw_only=True):
    refresh_token: Annotated[str, Meta(max_length=512)]


class LogoutRequest(Request, frozen=True, kw_only=True):
    refresh_token: Annotated[str, Meta(max_length=512)] | None = None
    """Whose session to end; all sessions of the caller when left out."""


class User(Answer, frozen=True, kw_only=True):
    id: str
    email: str
    name: str
    roles: list[Role]
    organisation: OwnerRef
    """The personal organisation."""
    bio: str = ""
    created_at: datetime


class Session(Answer, frozen=True, kw_only=True):
    """A signed-in session: a short-lived EdDSA JWT, and a refresh token that works once."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in_s: int
    user: User


class Membership(Answer, frozen=True, kw_only=True):
    organisation: OwnerRef
    role: MemberRole
    personal: bool


class Me(Answer, frozen=True, kw_only=True):
    user: User
    memberships: list[Membership]
    permissions: list[str]
    """Named permissions, such as `marketplace:create_resource`."""


class MeUpdate(Request, frozen=True, kw_only=True):
    """Fields left out stay as they are."""

    name: Name | None = None
    bio: Annotated[str, Meta(max_length=2000)] | None = None


class PasswordChange(Request, frozen=True, kw_only=True):
    current_password: Annotated[str, Meta(max_length=256)]
    new_password: Password


class ApiKeyRequest(Request, frozen=True, kw_only=True):
    name: Name
    expires_in_days: Annotated[int, Meta(ge=1, le=3650)] | None = None


class ApiKey(Answer, frozen=True, kw_only=True):
    id: str
    name: str
    hint: str
    """The first characters of the key, to tell keys apart."""
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None


class ApiKeyCreated(ApiKey, frozen=True, kw_only=True):
    key: str
    """`vk_<key id>_<secret>`, shown this once."""


class OrganisationRequest(Request, frozen=True, kw_only=True):
    slug: Slug
    name: Name


class OrganisationUpdate(Request, frozen=True, kw_only=True):
    name: Name


class Organisation(Answer, frozen=True, kw_only=True):
    id: str
    slug: str
    name: str
    personal: bool
    created_at: datetime


class BillingRequest(Request, frozen=True, kw_only=True):
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$", description="ISO 3166-1, such as DE")]


class Billing(Answer, frozen=True, kw_only=True):
    """Where an organisation says it buys from; works that are not sold everywhere need to know."""

    country: str | None = None
    """ISO 3166-1; null until it said so."""
    region: Literal["af", "as", "eu", "na", "oc", "sa"] | None = None
    """The part of the world that it lies in, as listings name them."""
    stated_at: datetime | None = None


class InvitationRequest(Request, frozen=True, kw_only=True):
    email: Email
    role: MemberRole = "member"


class Invitation(Answer, frozen=True, kw_only=True):
    id: str
    organisation: OwnerRef
    email: str
    role: MemberRole
    state: Literal["pending", "accepted", "declined", "expired"]
    created_at: datetime
    expires_at: datetime


class Member(Answer, frozen=True, kw_only=True):
    user_id: str
    name: str
    email: str
    role: MemberRole
    joined_at: datetime


class RoleChange(Request, frozen=True, kw_only=True):
    """Admin: the roles a user shall have."""

    roles: list[Role]
