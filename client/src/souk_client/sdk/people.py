"""Accounts, sessions, API keys."""

from types import NoneType

from souk_client.contracts.base import PageAnswer
from souk_client.contracts.insight import (
    Notice,
    NoticeChoice,
    NoticeChoices,
    NoticeCount,
    NoticePreferences,
)
from souk_client.contracts.people import (
    ApiKey,
    ApiKeyCreated,
    ApiKeyRequest,
    Billing,
    BillingRequest,
    Invitation,
    InvitationRequest,
    LoginRequest,
    LogoutRequest,
    Me,
    Member,
    MemberRole,
    MeUpdate,
    Organisation,
    OrganisationRequest,
    RefreshRequest,
    RegisterRequest,
    Session,
    User,
)
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api


def register(*, email: str, password: str, name: str, handle: str | None = None) -> Call[Session]:
    """Makes an account and signs in to it."""
    body = RegisterRequest(email=email, password=password, name=name, handle=handle)
    return Call(
        method="POST",
        path=api("auth", "register"),
        answer=Session,
        body=body,
        session="starts",
    )


def login(*, email: str, password: str) -> Call[Session]:
    """Signs in; later calls use the session and renew it as needed."""
    body = LoginRequest(email=email, password=password)
    return Call(
        method="POST", path=api("auth", "login"), answer=Session, body=body, session="starts"
    )


def refresh(*, refresh_token: str) -> Call[Session]:
    """Renews a session; the refresh token works once."""
    body = RefreshRequest(refresh_token=refresh_token)
    return Call(
        method="POST", path=api("auth", "refresh"), answer=Session, body=body, session="starts"
    )


def logout(*, refresh_token: str | None = None) -> Call[None]:
    """Ends the session of this refresh token; all of the caller's sessions when left out."""
    body = LogoutRequest(refresh_token=refresh_token)
    return Call(
        method="POST", path=api("auth", "logout"), answer=NoneType, body=body, session="ends"
    )


def get_me() -> Call[Me]:
    """Who is signed in."""
    return Call(method="GET", path=api("me"), answer=Me)


def update_me(update: MeUpdate) -> Call[User]:
    """Changes name or biography."""
    return Call(method="PATCH", path=api("me"), answer=User, body=update)


def list_api_keys() -> Call[PageAnswer[ApiKey]]:
    """The caller's API keys, without their secrets."""
    return Call(method="GET", path=api("api-keys"), answer=PageAnswer[ApiKey])


def create_api_key(*, name: str, expires_in_days: int | None = None) -> Call[ApiKeyCreated]:
    """Makes an API key; `key` is shown this once."""
    body = ApiKeyRequest(name=name, expires_in_days=expires_in_days)
    return Call(method="POST", path=api("api-keys"), answer=ApiKeyCreated, body=body)


def revoke_api_key(key_id: str) -> Call[None]:
    """Makes an API key useless."""
    return Call(method="DELETE", path=api("api-keys", key_id), answer=NoneType)


def create_organisation(*, slug: str, name: str) -> Call[Organisation]:
    """A shared organisation, with the caller as its owner."""
    return Call(
        method="POST",
        path=api("organisations"),
        answer=Organisation,
        body=OrganisationRequest(slug=slug, name=name),
    )


def get_organisation(organisation_id: str) -> Call[Organisation]:
    """An organisation of the caller."""
    return Call(method="GET", path=api("organisations", organisation_id), answer=Organisation)


def get_billing(organisation_id: str) -> Call[Billing]:
    """Where an organisation of the caller buys from."""
    return Call(method="GET", path=api("organisations", organisation_id, "billing"), answer=Billing)


def state_billing(organisation_id: str, *, country: str) -> Call[Billing]:
    """Says where an organisation buys from, by two letters (ISO 3166-1)."""
    return Call(
        method="PUT",
        path=api("organisations", organisation_id, "billing"),
        answer=Billing,
        body=BillingRequest(country=country),
    )


def list_members(organisation_id: str) -> Call[PageAnswer[Member]]:
    """Who belongs to an organisation."""
    path = api("organisations", organisation_id, "members")
    return Call(method="GET", path=path, answer=PageAnswer[Member])


def remove_member(organisation_id: str, user_id: str) -> Call[None]:
    """Takes somebody out of an organisation, or leaves it."""
    path = api("organisations", organisation_id, "members", user_id)
    return Call(method="DELETE", path=path, answer=NoneType)


def invite(organisation_id: str, *, email: str, role: MemberRole = "member") -> Call[Invitation]:
    """Invites somebody into an organisation."""
    return Call(
        method="POST",
        path=api("organisations", organisation_id, "invitations"),
        answer=Invitation,
        body=InvitationRequest(email=email, role=role),
    )


def list_my_invitations() -> Call[PageAnswer[Invitation]]:
    """Invitations to the caller."""
    return Call(method="GET", path=api("me", "invitations"), answer=PageAnswer[Invitation])


def accept_invitation(invitation_id: str) -> Call[Invitation]:
    """Joins the organisation."""
    return Call(method="POST", path=api("invitations", invitation_id, "accept"), answer=Invitation)


def decline_invitation(invitation_id: str) -> Call[Invitation]:
    """Says no."""
    return Call(method="POST", path=api("invitations", invitation_id, "decline"), answer=Invitation)


def list_notices(
    *, cursor: str | None = None, limit: int | None = None
) -> Call[PageAnswer[Notice]]:
    """The caller's notices, newest first."""
    query = {"cursor": cursor, "limit": limit}
    return Call(method="GET", path=api("notices"), answer=PageAnswer[Notice], query=query)


def count_unread() -> Call[NoticeCount]:
    """How many notices the caller has not read."""
    return Call(method="GET", path=api("notices", "unread"), answer=NoticeCount)


def mark_read(notice_id: str | None = None) -> Call[NoticeCount]:
    """Marks a notice read; all of them when left out."""
    path = api("notices", "read") if notice_id is None else api("notices", notice_id, "read")
    return Call(method="POST", path=path, answer=NoticeCount)


def get_preferences() -> Call[NoticePreferences]:
    """How the caller's notices reach them, by topic."""
    path = api("notices", "preferences")
    return Call(method="GET", path=path, answer=NoticePreferences)


def choose_preferences(*topics: NoticeChoice) -> Call[NoticePreferences]:
    """Keeps choices; topics that are left out stay as they are."""
    return Call(
        method="PUT",
        path=api("notices", "preferences"),
        answer=NoticePreferences,
        body=NoticeChoices(topics=list(topics)),
    )


class Organisations(Namespace[S]):
    """Organisations and who belongs to them."""

    create = Endpoint(create_organisation)
    get = Endpoint(get_organisation)
    billing = Endpoint(get_billing)
    state_billing = Endpoint(state_billing)
    members = Endpoint(list_members)
    remove_member = Endpoint(remove_member)
    invite = Endpoint(invite)
    my_invitations = Endpoint(list_my_invitations)
    accept = Endpoint(accept_invitation)
    decline = Endpoint(decline_invitation)


class Notices(Namespace[S]):
    """What happened that the caller should know."""

    list = Endpoint(list_notices)
    unread = Endpoint(count_unread)
    mark_read = Endpoint(mark_read)
    preferences = Endpoint(get_preferences)
    choose = Endpoint(choose_preferences)


class Auth(Namespace[S]):
    """Signing in and out."""

    register = Endpoint(register)
    login = Endpoint(login)
    refresh = Endpoint(refresh)
    logout = Endpoint(logout)


class Account(Namespace[S]):
    """The signed-in user."""

    get = Endpoint(get_me)
    update = Endpoint(update_me)


class ApiKeys(Namespace[S]):
    """Keys for programs."""

    list = Endpoint(list_api_keys)
    create = Endpoint(create_api_key)
    revoke = Endpoint(revoke_api_key)
