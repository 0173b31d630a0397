"""What goes by the cache: unsafe methods, and requests that a site's rule takes out of it."""

from collections.abc import AsyncIterator

from souk.edge.asgi import Incoming
from souk.edge.http_cache.fields import Fields, lines, value, without
from souk.edge.http_cache.keys import key_of, same_site
from souk.edge.http_cache.origin import Asking, Origins, forwarded
from souk.edge.http_cache.sending import Sending
from souk.edge.http_cache.store import AnswerStore
from souk.edge.http_cache.stored import UNSENT
from souk.edge.http_cache.wanted import Wanted
from souk.edge.upstream import UpstreamFailed

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_BODILESS = frozenset({204, 304})


class Passing:
    """Hands requests to origins and their answers back; nothing is kept.

    Args:
        via: how the node names itself to origins.
        upload_bytes: how much a client may send with one request.
    """

    def __init__(
        self, store: AnswerStore, origins: Origins, *, via: str, upload_bytes: int
    ) -> None:
        self._store = store
        self._origins = origins
        self._via = via
        self._upload_bytes = upload_bytes

    async def serve(
        self, wanted: Wanted, request: Incoming, sending: Sending, *, cache_status: str
    ) -> None:
        """Answers one request. Raises UpstreamFailed, Refused."""
        fields, body = forwarded(wanted.fields, via=self._via), None
        length = request.header("content-length")
        if request.header("transfer-encoding") is not None:
            fields.append(("transfer-encoding", "chunked"))
            body = self._body(request)
        elif length is not None and length != "0":
            fields.append(("content-length", length))
            body = self._body(request)
        elif wanted.method not in _SAFE:
            fields.append(("content-length", "0"))
        asking = Asking(
            site=wanted.site, method=wanted.method, target=wanted.target, fields=fields, body=body
        )
        async with self._origins.ask(asking) as answer:
            if wanted.method not in _SAFE and answer.status < 400:
                await self._invalidate(wanted, answer.fields)
            head = [*without(answer.fields, UNSENT), ("cache-status", cache_status)]
            if wanted.method == "HEAD" or answer.status in _BODILESS:
                await sending.whole(answer.status, head, b"")
            else:
                await sending.stream(answer.status, head, answer.body)

    async def _body(self, request: Incoming) -> AsyncIterator[bytes]:
        try:
            async for piece in request.stream(limit=self._upload_bytes):
                yield piece
        except ConnectionError as error:
            raise UpstreamFailed(str(error)) from error

    async def _invalidate(self, wanted: Wanted, fields: Fields) -> None:
        """RFC 9111 section 4.4: the address itself, and those of the same site that the answer
        names."""
        names = frozenset({*wanted.site.hosts, self._origins.host_of(wanted.site)})
        keys = {wanted.key}
        for name in ("location", "content-location"):
            reference = value(fields, name)
            if reference is not None and len(lines(fields, name)) == 1:
                target = same_site(wanted.site, wanted.target, reference, hosts=names)
                if target is not None:
                    keys.add(key_of(wanted.site.id, target))
        for key in keys:
            await self._store.invalidate(key)
