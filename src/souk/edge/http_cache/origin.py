"""A site's origin, asked over HTTP/1.1: what goes there, what comes back, how long it may take."""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

import httpcore
import msgspec

from souk.edge.guard import GuardedNetwork
from souk.edge.http_cache.fields import Fields, end_to_end, value
from souk.edge.http_cache.keys import accepted_codings
from souk.edge.protocol import NODE_HEADER
from souk.edge.sites import Site
from souk.edge.upstream import UpstreamFailed

CDN_LOOP: Final = "souk"
"""How this CDN names itself in CDN-Loop (RFC 8586)."""
CONNECT_S: Final = 3.0
AT_ONCE: Final = 64
"""Requests under way to the origin of one site; more wait for a while, then fail."""
MAX_FIELDS: Final = 200
MAX_FIELDS_BYTES: Final = 64 * 1024
_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_UNKEYED: Final = frozenset(
    {
        "forwarded",
        "front-end-https",
        "proxy",
        "surrogate-capability",
        "true-client-ip",
        "via",
        "cdn-loop",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-host",
        "x-method-override",
        "x-real-ip",
        "x-url-scheme",
        "x-scheme",
        "x-wap-profile",
        "x-remote-addr",
        "x-remote-ip",
        "x-originating-ip",
    }
)
_UNKEYED_BEGINNINGS: Final = (
    "x-forwarded",
    "x-http-",
    "x-original-",
    "x-rewrite-",
    "x-override-",
    "x-middleware-",
    "x-arr-",
    "cf-",
    "souk-",
)
"""What origins and their frameworks believe from a proxy in front of them. These fields name no
stored answer, so whoever sends one must not be able to change what others get."""


_OURS: Final = ("x-accel-", "souk-")
"""Fields of an answer with which a node speaks to a server before it: no origin may."""


class OriginAnswer:
    """The head of what an origin answered, and its body as it comes."""

    def __init__(self, status: int, fields: Fields, body: AsyncIterator[bytes]) -> None:
        self.status = status
        self.fields = fields
        self.body = body


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """A request to an origin."""

    site: Site
    method: str
    target: str
    fields: Fields
    """End-to-end fields, as `forwarded` gives them."""
    body: AsyncIterator[bytes] | None = None


class Origins:
    """Connections to the origins of all sites, and to home for what lies there.

    Args:
        home_url: below it lie upstreams that are paths.
        credential: what the node proves itself to home with.
        silent_s: how long an origin may say nothing.
        private_allowed: whether an origin may lie in a private network.
    """

    def __init__(
        self,
        *,
        home_url: str,
        credential: Callable[[], str],
        silent_s: float,
        private_allowed: bool,
    ) -> None:
        self._home_url = home_url.rstrip("/")
        self._credential = credential
        self._silent_s = silent_s
        self._outside = _pool(GuardedNetwork(private_allowed=private_allowed))
        self._home = _pool(GuardedNetwork(private_allowed=True))
        self._rooms: Mapping[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(AT_ONCE)
        )

    @asynccontextmanager
    async def ask(self, asking: Asking) -> AsyncIterator[OriginAnswer]:
        """The origin's answer to a request; its body raises UpstreamFailed when it breaks off.

        Raises:
            UpstreamFailed: no answer; its status is 504 when that took too long.
        """
        room = self._rooms[asking.site.id]
        try:
            async with asyncio.timeout(self._silent_s):
                await room.acquire()
        except TimeoutError as error:
            raise UpstreamFailed("too many requests wait for this origin", status=504) from error
        try:
            response = await self._send(asking)
            try:
                fields = _fields(response)
                yield OriginAnswer(response.status, fields, _body(response))
            finally:
                await _end(response)
        finally:
            room.release()

    async def close(self) -> None:
        """Ends every connection."""
        await self._outside.aclose()
        await self._home.aclose()

    def host_of(self, site: Site) -> str:
        """The origin's own name, with its port where it has one."""
        return urlsplit(self._base(site)).netloc.lower()

    def _base(self, site: Site) -> str:
        return f"{self._home_url}{site.upstream}" if site.upstream[:1] == "/" else site.upstream

    async def _send(self, asking: Asking) -> httpcore.Response:
        base = urlsplit(self._base(asking.site))
        at_home = asking.site.upstream[:1] == "/"
        fields: Fields = [("host", base.netloc), *asking.fields]
        if at_home:
            fields.append((NODE_HEADER, self._credential()))
        again = asking.method in _IDEMPOTENT and asking.body is None
        pool = self._home if at_home else self._outside
        while True:
            opened: list[str] = []
            request = httpcore.Request(
                asking.method,
                httpcore.URL(
                    scheme=base.scheme,
                    host=base.hostname or "",
                    port=base.port,
                    target=f"{base.path}{asking.target}".encode("ascii"),
                ),
                headers=[(n.encode("ascii"), v.encode("latin-1")) for n, v in fields],
                content=asking.body,
                extensions={"timeout": self._limits(), "trace": _noting(opened)},
            )
            try:
                return await pool.handle_async_request(request)
            except (httpcore.ReadTimeout, httpcore.PoolTimeout, httpcore.WriteTimeout) as error:
                raise UpstreamFailed("the origin is silent", status=504) from error
            except (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError) as error:
                if again and not opened:
                    again = False  # an idle connection that the origin had closed meanwhile
                    continue
                raise UpstreamFailed(f"the origin broke off: {error!r}") from error
            except (
                httpcore.NetworkError,
                httpcore.TimeoutException,
                httpcore.ProtocolError,
                httpcore.UnsupportedProtocol,
            ) as error:
                raise UpstreamFailed(f"the origin does not answer: {error!r}") from error

    def _limits(self) -> dict[str, float]:
        silent = self._silent_s
        return {"connect": CONNECT_S, "read": silent, "write": silent, "pool": silent}


def forwarded(request: Fields, *, via: str) -> Fields:
    """A client's fields as they go to an origin: what could poison an answer for others stays here.

    Args:
        via: how the node names itself.
    """
    kept: Fields = []
    for name, text in end_to_end(request):
        if name in _UNKEYED or name.startswith(_UNKEYED_BEGINNINGS) or "_" in name:
            continue
        if name in {"host", "content-length", "expect"}:
            continue
        kept.append((name, text))
    codings = value(kept, "accept-encoding")
    if codings is not None:
        kept = [one for one in kept if one[0] != "accept-encoding"]
        kept.append(("accept-encoding", accepted_codings(codings) or "identity"))
    loops = value(request, "cdn-loop")
    kept.append(("cdn-loop", f"{loops}, {CDN_LOOP}" if loops else CDN_LOOP))
    kept.append(("via", f"1.1 {via}"))
    return kept


def _pool(network: GuardedNetwork) -> httpcore.AsyncConnectionPool:
    return httpcore.AsyncConnectionPool(
        ssl_context=ssl.create_default_context(),
        max_connections=512,
        max_keepalive_connections=64,
        keepalive_expiry=15.0,
        network_backend=network,
    )


def _noting(opened: list[str]) -> Callable[[str, object], object]:
    async def trace(name: str, _info: object) -> None:
        if name == "connection.connect_tcp.started":
            opened.append(name)

    return trace


def _fields(response: httpcore.Response) -> Fields:
    raw = response.headers
    if len(raw) > MAX_FIELDS or sum(len(n) + len(v) for n, v in raw) > MAX_FIELDS_BYTES:
        raise UpstreamFailed("the origin's answer has too many fields")
    found = [(n.decode("ascii").lower(), v.decode("latin-1").strip()) for n, v in raw]
    if any("\n" in text or "\r" in text or "\0" in text for _, text in found):
        raise UpstreamFailed("the origin's answer cannot be read")
    if value(found, "transfer-encoding") is not None:
        found = [one for one in found if one[0] != "content-length"]
    return [one for one in end_to_end(found) if not one[0].startswith(_OURS)]


async def _end(response: httpcore.Response) -> None:
    """Ends an exchange. Bytes beyond the announced length would be read as the next answer, so such
    a connection is not used again."""
    connection = getattr(getattr(response.stream, "_stream", None), "_connection", None)
    reader = getattr(connection, "_h11_state", None)
    surplus = reader is None or bool(reader.trailing_data[0])
    await response.aclose()
    if surplus and connection is not None:
        await connection.aclose()


async def _body(response: httpcore.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in response.aiter_stream():
            yield piece
    except httpcore.TimeoutException as error:
        raise UpstreamFailed("the origin fell silent", status=504) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise UpstreamFailed(f"the answer broke off: {error!r}") from error
