"""Who asks: established once a request, before anything else runs."""

import hmac
from collections.abc import Collection
from typing import Any, Final, Protocol

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from souk.infra.http.addresses import client_address
from souk.infra.http.limits import RateLimiter
from souk.infra.http.transaction import SAFE_METHODS
from souk.kernel.actor import ANONYMOUS, Actor
from souk.kernel.errors import Forbidden, Unauthenticated

SESSION_COOKIE: Final = "souk_session"
CSRF_COOKIE: Final = "souk_csrf"
CSRF_HEADER: Final = "x-csrf-token"
API_PREFIX: Final = "/api/"

Connection = ASGIConnection[Any, Any, Any, Any]  # before a handler is known, so are its types


class Authenticator(Protocol):
    """Turns a credential into a caller (people's access context implements it)."""

    async def by_bearer(self, token: str) -> Actor:
        """The caller behind an access token or a `vk_` key; raises Unauthenticated."""
        ...

    async def by_session(self, cookie: str) -> Actor | None:
        """The caller behind a page's cookie; None when it is no longer good."""
        ...


class AuthenticationMiddleware(ASGIMiddleware):
    """Sets `scope["user"]` to an `Actor`, and counts the request against the caller's rate.

    A page's cookie also opens the API to scripts of our own pages, for unsafe methods only with the
    CSRF token beside it. A handler with the option `credential="own"` speaks a protocol with tokens
    of its own, and is served as if nobody were signed in.
    """

    scopes = (ScopeType.HTTP, ScopeType.WEBSOCKET)

    def __init__(
        self,
        *,
        authenticator: Authenticator,
        limiter: RateLimiter,
        trusted_proxies: Collection[str] = (),
    ) -> None:
        self._authenticator = authenticator
        self._limiter = limiter
        self._trusted_proxies = trusted_proxies

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        connection: Connection = ASGIConnection(scope)
        actor = await self._actor(connection)
        scope["user"] = actor
        peer = connection.client.host if connection.client else "unknown"
        forwarded_for = connection.headers.get("x-forwarded-for")
        address = client_address(peer, forwarded_for, self._trusted_proxies)
        scope.setdefault("state", {})["address"] = address
        if not counts_itself(scope["route_handler"]):
            cost = scope["route_handler"].opt.get("cost", 1.0)
            self._limiter.count(actor.user_id or address, cost=cost)
        if actor is ANONYMOUS and _is_api(scope) and needs_caller(scope["route_handler"]):
            actor.require_user()  # before a body is read
        await next_app(scope, receive, send)

    async def _actor(self, connection: Connection) -> Actor:
        if connection.scope["route_handler"].opt.get("credential") == "own":
            return ANONYMOUS  # the handler reads the header itself
        header = connection.headers.get("authorization")
        if header is not None:
            kind, _, token = header.partition(" ")
            if kind.lower() != "bearer" or not token:
                raise Unauthenticated(
                    "credential_malformed", "Send `Authorization: Bearer <token or vk_ key>`."
                )
            return await self._authenticator.by_bearer(token.strip())
        cookie = connection.cookies.get(SESSION_COOKIE)
        if cookie is None:
            return ANONYMOUS
        actor = await self._authenticator.by_session(cookie)
        if actor is None:
            return ANONYMOUS
        scope = connection.scope
        if scope["type"] == ScopeType.HTTP and _is_api(scope):
            _check_csrf(connection, method=scope["method"])
        return actor


def needs_caller(handler: BaseRouteHandler) -> bool:
    """Whether a handler serves only who is signed in.

    One that asks for the `actor` does, unless its option `caller="optional"` says otherwise.
    """
    if not isinstance(handler, HTTPRouteHandler) or handler.opt.get("caller") == "optional":
        return False
    return "actor" in handler.parsed_fn_signature.parameters


def counts_itself(handler: BaseRouteHandler) -> bool:
    """Whether a handler limits its callers by itself (its option `rate="own"`)."""
    return handler.opt.get("rate") == "own"


def _is_api(scope: Scope) -> bool:
    return scope["path"].startswith(API_PREFIX)


def _check_csrf(connection: Connection, *, method: str) -> None:
    if method in SAFE_METHODS:
        return
    expected = connection.cookies.get(CSRF_COOKIE, "")
    given = connection.headers.get(CSRF_HEADER, "")
    if not expected or not hmac.compare_digest(expected, given):
        raise Forbidden(
            "csrf_token_missing",
            f"A page's script must repeat the cookie {CSRF_COOKIE} in the header {CSRF_HEADER}.",
        )
