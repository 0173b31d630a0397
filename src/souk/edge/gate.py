"""What comes before a domain's own answers: HTTPS, limits, and whose pages may read them."""

import time
from collections.abc import Awaitable, Callable
from typing import Final

import httpx

from souk.edge.answers import Headers, Refused
from souk.edge.asgi import Message, Outgoing, Receive, Scope, Send
from souk.edge.domains import Domains, NodeDomain
from souk.edge.sites import Sites
from souk.infra.http.limits import RateLimiter
from souk.kernel.errors import TooMany

CHALLENGE: Final = "/.well-known/acme-challenge/"
MAX_CHALLENGE_BYTES: Final = 4096
CHALLENGE_S: Final = 15.0
PREFLIGHT_S: Final = 600
HTTPS_PORT: Final = 443
_FOR_SHARED_ADDRESSES: Final = frozenset(
    {
        b"content-security-policy",
        b"cross-origin-opener-policy",
        b"permissions-policy",
        b"x-frame-options",
    }
)
"""What the marketplace says of assets at its own address; at their own domain they are free."""

App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Gate:
    """Wraps a node's application; what is asked of no domain passes through untouched.

    Args:
        https_port: where clients reach the node by TLS; 0 when it speaks none.
        client_header: in which a server in front of the node names the client, of requests that
            do not come by TLS; none when empty.
    """

    def __init__(
        self,
        app: App,
        *,
        domains: Domains,
        sites: Sites,
        client: httpx.AsyncClient,
        home_url: str,
        https_port: int,
        client_header: str = "",
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._domains = domains
        self._sites = sites
        self._client = client
        self._home = home_url.rstrip("/")
        self._https_port = https_port
        self._client_header = client_header.encode()
        self._monotonic_s = monotonic_s
        self._limits: dict[tuple[str, int], RateLimiter] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        domain = self._domains.find(host) if host else None
        if domain is None:
            await self._app(scope, receive, send)
            return
        try:
            await self._serve(domain, scope, headers, receive, send)
        except Refused as refused:
            body = refused.body()
            empty = scope["method"] == "HEAD"
            await Outgoing(send).whole(refused.status, refused.head(body), b"" if empty else body)

    async def _serve(
        self,
        domain: NodeDomain,
        scope: Scope,
        headers: dict[bytes, bytes],
        receive: Receive,
        send: Send,
    ) -> None:
        path = scope["path"]
        if path.startswith(CHALLENGE) and scope["method"] in {"GET", "HEAD"}:
            await self._challenge(path.removeprefix(CHALLENGE), send)
            return
        by_tls = scope.get("scheme") == "https"
        if not by_tls and self._https_port and self._domains.context(domain.name) is not None:
            await self._to_https(domain, scope, send)
            return
        self._count(domain, scope, headers)
        origin = headers.get(b"origin", b"").decode("latin-1")
        if (
            domain.cors_origins
            and scope["method"] == "OPTIONS"
            and (b"access-control-request-method" in headers)
        ):
            await self._preflight(domain, origin, headers, send)
            return
        await self._app(scope, receive, self._dressed(domain, send, origin=origin, by_tls=by_tls))

    async def _challenge(self, token: str, send: Send) -> None:
        """What an authority asks is known at home alone."""
        if not token.isascii() or not token.replace("-", "").replace("_", "").isalnum():
            raise Refused(404, "challenge_unknown", "Nobody is asked this.")
        try:
            answer = await self._client.get(f"{self._home}{CHALLENGE}{token}", timeout=CHALLENGE_S)
        except httpx.HTTPError as error:
            raise Refused(502, "origin_failed", "The marketplace does not answer.") from error
        if answer.status_code != 200 or len(answer.content) > MAX_CHALLENGE_BYTES:
            raise Refused(404, "challenge_unknown", "Nobody is asked this.")
        head: Headers = [
            ("content-type", "application/octet-stream"),
            ("content-length", str(len(answer.content))),
            ("cache-control", "no-store"),
        ]
        await Outgoing(send).whole(200, head, answer.content)

    async def _to_https(self, domain: NodeDomain, scope: Scope, send: Send) -> None:
        port = "" if self._https_port == HTTPS_PORT else f":{self._https_port}"
        query = scope["query_string"].decode("latin-1")
        target = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        head: Headers = [
            ("location", f"https://{domain.name}{port}{target}"),
            ("content-length", "0"),
            ("cache-control", "max-age=300"),
        ]
        await Outgoing(send).whole(308, head)

    def _count(self, domain: NodeDomain, scope: Scope, headers: dict[bytes, bytes]) -> None:
        """Takes the request from the buckets of its address and of its key.

        The address counts always: a client that sends a fresh key each time gains nothing by it.
        """
        address = self._address(scope, headers)
        key = headers.get(domain.key_header.encode(), b"") if domain.key_header else b""
        try:
            self._limiter(domain.name, domain.per_address_per_minute).count(f"address:{address}")
            if key:
                named = key[:256].decode("latin-1")
                self._limiter(domain.name, domain.per_key_per_minute).count(f"key:{named}")
        except TooMany as error:
            wait = error.extra.get("retry_after_s")
            raise Refused(
                429,
                "rate_limited",
                "Too many requests to this site; slow down.",
                retry_after_s=wait if isinstance(wait, int) else 1,
            ) from error

    def _address(self, scope: Scope, headers: dict[bytes, bytes]) -> str:
        """Whose request it is; what clients themselves say of it does not count."""
        if self._client_header and scope.get("scheme") != "https":
            return headers.get(self._client_header, b"unknown").decode("latin-1")
        client = scope.get("client")
        return str(client[0]) if client else "unknown"

    def _limiter(self, name: str, per_minute: int) -> RateLimiter:
        found = self._limits.get((name, per_minute))
        if found is None:
            if len(self._limits) > 4 * len(list(self._domains.names())) + 16:
                self._limits.clear()  # rules that are gone
            found = RateLimiter(per_minute, monotonic_s=self._monotonic_s)
            self._limits[name, per_minute] = found
        return found

    async def _preflight(
        self, domain: NodeDomain, origin: str, headers: dict[bytes, bytes], send: Send
    ) -> None:
        head: Headers = [*_allowed(domain, origin), ("content-length", "0")]
        site = self._sites.get(domain.site_id)
        methods = ", ".join(site.rules.methods) if site else "GET, HEAD"
        asked = headers.get(b"access-control-request-headers", b"")[:1024].decode("latin-1")
        head += [
            ("access-control-allow-methods", methods),
            ("access-control-max-age", str(PREFLIGHT_S)),
        ]
        if asked:
            head.append(("access-control-allow-headers", asked))
        await Outgoing(send).whole(204, head)

    def _dressed(self, domain: NodeDomain, send: Send, *, origin: str, by_tls: bool) -> Send:
        site = self._sites.get(domain.site_id)
        dropped = _FOR_SHARED_ADDRESSES if site and site.kind == "assets" else frozenset()
        if domain.cors_origins:
            dropped |= {b"access-control-allow-origin"}

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = _allowed(domain, origin) if domain.cors_origins else []
                if by_tls:
                    added.append(("strict-transport-security", f"max-age={domain.hsts_s}"))
                message = {
                    **message,
                    "headers": [
                        *(pair for pair in message["headers"] if pair[0] not in dropped),
                        *((name.encode(), value.encode("latin-1")) for name, value in added),
                    ],
                }
            await send(message)

        return dressed


def _allowed(domain: NodeDomain, origin: str) -> Headers:
    """Who may read the answer."""
    if "*" in domain.cors_origins:
        return [("access-control-allow-origin", "*")]
    varies = ("vary", "origin")
    if origin in domain.cors_origins:
        return [("access-control-allow-origin", origin), varies]
    return [varies]
