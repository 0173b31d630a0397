"""The shortest way to a small file in memory, for an address that was answered before.

The first answer has checked all that an address says. What may have changed since is looked at each
time: the time, the keys, the licence, the sites, and whether the file is still here.
"""

from typing import Final

import msgspec

from souk.edge.asgi import EncodedHeaders, Scope
from souk.edge.clock import HomeClock
from souk.edge.commands import Revocations
from souk.edge.disk import SliceKey
from souk.edge.store import SliceStore
from souk.edge.tickets import SKEW_S, EdgeTicket, TicketReader
from souk.edge.usage import Served, Usage

_MOST: Final = 4096
"""So many addresses are remembered."""
_OTHER: Final = frozenset(
    {
        b"range",
        b"if-match",
        b"if-none-match",
        b"souk-edge-hop",
        b"content-length",
        b"transfer-encoding",
    }
)
"""Headers of requests that want something other than the whole file."""


class _Known(msgspec.Struct, frozen=True):
    head: EncodedHeaders
    key: SliceKey
    until_s: float
    licence_id: str
    served: Served
    host: bytes | None
    sites: int
    keys: int


class QuickAnswers:
    """Whole small answers by address."""

    def __init__(
        self,
        *,
        clock: HomeClock,
        reader: TicketReader,
        revocations: Revocations,
        store: SliceStore,
        usage: Usage,
    ) -> None:
        self._clock = clock
        self._reader = reader
        self._revocations = revocations
        self._store = store
        self._usage = usage
        self._known: dict[str, _Known] = {}

    def learn(
        self, path: str, ticket: EdgeTicket, head: EncodedHeaders, *, host: bytes | None, sites: int
    ) -> None:
        """This address was answered with this file and head, at this host."""
        if len(self._known) >= _MOST:
            self._known.clear()
        size = ticket.size_bytes
        self._known[path] = _Known(
            head=head,
            key=SliceKey(ticket.sha256, 0),
            until_s=ticket.expires_at + SKEW_S,
            licence_id=ticket.licence_id,
            served=Served(
                organisation_id=ticket.organisation_id,
                bytes_sent=size,
                hit_bytes=size,
                first_byte_s=0.0,
                failed=False,
            ),
            host=host,
            sites=sites,
            keys=self._reader.number,
        )

    def find(self, scope: Scope, *, sites: int) -> tuple[EncodedHeaders, bytes] | None:
        """Head and body for a request, counted; None when it has to go the long way."""
        known = self._known.get(scope["path"])
        if known is None or scope["method"] != "GET":
            return None
        headers = dict(scope["headers"])
        now_s = self._clock.now_s()
        if (
            known.until_s < now_s
            or known.sites != sites
            or known.keys != self._reader.number
            or known.licence_id in self._revocations
            or headers.get(b"host") != known.host
            or not _OTHER.isdisjoint(headers)
        ):
            return None
        content = self._store.hot(known.key)
        if content is None:
            return None
        self._usage.count(known.served, now_s=now_s)
        return known.head, content
