"""Accounts, sessions, API keys."""

from types import NoneType

from souk_client.contracts.base import PageAnswer
from souk_client.contracts.people import (
    ApiKey,
    ApiKeyCreated,
    ApiKeyRequest,
    LoginRequest,
    LogoutRequest,
    Me,
    MeUpdate,
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
