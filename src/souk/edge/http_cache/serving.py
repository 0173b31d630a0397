"""Requests to sites: answered from what is kept, or by the origin, as RFC 9111 has it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

import structlog

from souk.edge.answers import Headers, Refused
from souk.edge.asgi import Incoming, Outgoing
from souk.edge.clock import HomeClock
from souk.edge.disk import Damaged
from souk.edge.http_cache.body import Body
from souk.edge.http_cache.coming import Live, Outcome, Validated
from souk.edge.http_cache.conditions import judge, not_modified_fields, range_applies
from souk.edge.http_cache.directives import cache_control
from souk.edge.http_cache.fetching import Fetcher, one_range
from souk.edge.http_cache.fields import Fields, without
from souk.edge.http_cache.freshness import Freshness, Reuse, may_serve_on_error, reuse
from souk.edge.http_cache.keys import selecting
from souk.edge.http_cache.passing import Passing
from souk.edge.http_cache.sending import Sending
from souk.edge.http_cache.store import AnswerStore
from souk.edge.http_cache.stored import UNSENT, Stored
from souk.edge.http_cache.wanted import Wanted, read_wanted
from souk.edge.ranges import Part, wanted_parts
from souk.edge.serving import CutOff
from souk.edge.settings import EdgeSettings
from souk.edge.sites import Found, SiteRules
from souk.edge.upstream import UpstreamFailed
from souk.edge.usage import Served, Usage

REMEMBERED: Final = 10_000
"""Answers whose freshness is not read anew for each request."""
_ERRORS: Final = frozenset({500, 502, 503, 504})
"""Answers of an origin that a stale one may be better than (RFC 5861)."""
_BODILESS: Final = frozenset({204, 304})

log = structlog.get_logger("souk.edge")


class SiteCache:
    """Serves every site that the node knows."""

    def __init__(
        self,
        settings: EdgeSettings,
        *,
        clock: HomeClock,
        store: AnswerStore,
        fetcher: Fetcher,
        passing: Passing,
        usage: Usage,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._store = store
        self._fetcher = fetcher
        self._passing = passing
        self._usage = usage
        self._name = f"souk-{settings.region}"
        self._read: dict[str, tuple[Stored, SiteRules, Freshness]] = {}
        self.under_way = 0
        self.idle = asyncio.Event()
        """Set while nothing is under way."""
        self.idle.set()

    async def serve(self, found: Found, request: Incoming, answer: Outgoing) -> None:
        """Answers one request.

        Raises:
            Refused: it is answered with a problem.
            CutOff: bytes were sent, and the rest cannot be.
        """
        wanted = read_wanted(found, request, region=self._settings.region)
        if self.under_way >= self._settings.downloads:
            raise Refused(
                503, "node_busy", "This node has as many requests as it takes.", retry_after_s=1
            )
        sending = Sending(request, answer, send_s=self._settings.send_s)
        self.under_way += 1
        self.idle.clear()
        failed = True
        try:
            if wanted.method in {"GET", "HEAD"} and not wanted.bypass:
                await self._answer(wanted, sending)
            else:
                fwd = "bypass" if wanted.method in {"GET", "HEAD"} else "method"
                status = f"{self._name}; fwd={fwd}"
                await self._passing.serve(wanted, request, sending, cache_status=status)
            failed = False
        except UpstreamFailed as error:
            raise _refusal(error) from error
        finally:
            self.under_way -= 1
            if not self.under_way:
                self.idle.set()
            self._count(wanted, sending, failed=failed)

    async def _answer(self, wanted: Wanted, sending: Sending) -> None:
        """From what is kept if that may be, else from the origin; again when what is kept turns out
        to be damaged, or what others waited for is not for this client."""
        waited = False
        while not sending.begun:
            stored = self._store.find(wanted.key, wanted.fields)
            usable = stored is not None and self._serves(stored, wanted)
            try:
                if stored is not None and usable and await self._kept(wanted, stored, sending):
                    return
                if await self._fetcher.settled(wanted.key):
                    continue
                if "only-if-cached" in cache_control(wanted.fields):
                    raise Refused(504, "not_cached", "This node has no fresh answer to this.")
                coming = self._fetcher.coming(wanted.key)
                if coming is not None and not waited and self._may_wait(wanted):
                    waited = True
                    if await self._share(wanted, coming, sending):
                        return
                    continue
                await self._forward(wanted, stored, sending, usable=usable)
                return
            except Damaged:
                continue
            except UpstreamFailed as error:
                if stored is None or not usable or sending.begun:
                    raise
                if not self._on_error(stored, wanted):
                    raise
                log.info("a stale answer is served: the origin failed", problem=str(error))
                await self._send_stored(wanted, stored, sending, detail="stale-if-error")
                return
        raise CutOff("a stored answer is damaged")

    async def _kept(self, wanted: Wanted, stored: Stored, sending: Sending) -> bool:
        """Sends what is kept; False when it may not be without asking."""
        verdict = self._verdict(stored, wanted)
        if verdict is Reuse.VALIDATE:
            return False
        if verdict is Reuse.WHILE_REVALIDATING:
            self._revalidate(wanted, stored)
        await self._send_stored(wanted, stored, sending)
        return True

    async def _forward(
        self, wanted: Wanted, stored: Stored | None, sending: Sending, *, usable: bool
    ) -> None:
        why = self._why(wanted, stored, usable=usable)
        conditional = stored if usable and wanted.method == "GET" else None
        alone = not self._may_wait(wanted)
        outcome = await self._fetcher.fetch(wanted, stored=conditional, alone=alone)
        if isinstance(outcome, Validated):
            status = f"{self._name}; fwd={why}; fwd-status=304; stored"
            await self._send_stored(wanted, outcome.stored, sending, cache_status=status)
            return
        better = stored if outcome.status in _ERRORS and usable else None
        if better is not None and self._on_error(better, wanted):
            outcome.leave()
            await self._send_stored(wanted, better, sending, detail="stale-if-error")
            return
        kept = "; stored" if outcome.selected is not None else ""
        status = f"{self._name}; fwd={why}; fwd-status={outcome.status}{kept}"
        await self._send_live(wanted, outcome, sending, status)

    async def _share(
        self, wanted: Wanted, coming: "asyncio.Future[Outcome]", sending: Sending
    ) -> bool:
        """Sends what others wait for at this address; False when it is not for this client.

        Raises:
            UpstreamFailed: the origin does not answer them.
        """
        outcome: Outcome = await asyncio.shield(coming)
        if isinstance(outcome, Validated) or outcome.selected is None or outcome.over:
            return False
        if outcome.asked != self._store.moment(wanted.key):
            return False
        names, values = outcome.selected
        now = self._clock.own()
        if selecting(names, wanted.fields) != values or Reuse.FRESH is not reuse(
            outcome.freshness, wanted.fields, now=now, max_stale_s=0
        ):
            return False
        status = f"{self._name}; hit; collapsed"
        await self._send_live(wanted, outcome.shared(), sending, status)
        return True

    async def _send_stored(
        self,
        wanted: Wanted,
        stored: Stored,
        sending: Sending,
        *,
        cache_status: str = "",
        detail: str = "",
    ) -> None:
        freshness = self._freshness(stored, wanted)
        age = int(freshness.age_s(self._clock.own()))
        more = f"; detail={detail}" if detail else ""
        status = cache_status or f"{self._name}; hit; ttl={freshness.lifetime_s - age}{more}"
        hit = not cache_status
        hidden = freshness.hidden if hit else frozenset[str]()

        def head(fields: Fields) -> Headers:
            return [*without(_sent(fields, status), hidden | {"age"}), ("age", str(age))]

        outcome = "send"
        if stored.status == 200:
            outcome = judge(wanted.fields, stored.fields, received_at=stored.received_at)
        if outcome == "failed":
            raise Refused(412, "precondition_failed", "This address has other bytes than those.")
        if outcome == "not_modified":
            await sending.whole(304, head(not_modified_fields(stored.fields)), b"")
            return
        parts = _parts(wanted, stored)
        if parts is not None and not parts:
            size = ("content-range", f"bytes */{stored.size_bytes}")
            fields = without(stored.fields, {"content-type", "content-encoding"})
            await sending.whole(416, [*head(fields), size, ("content-length", "0")], b"")
            return
        body = Body(self._store, stored, parts)
        code = 206 if parts is not None else stored.status
        if wanted.method == "HEAD" or stored.status in _BODILESS:
            fields = stored.fields if stored.status in _BODILESS else body.fields()
            await sending.whole(code, head(fields), b"")
            return
        try:
            whole = await body.open()
            if whole is not None:
                await sending.whole(code, head(body.fields()), whole, hit=hit)
            else:
                await sending.stream(code, head(body.fields()), body.pieces(), hit=hit)
        finally:
            await body.close()

    async def _send_live(
        self, wanted: Wanted, live: Live, sending: Sending, cache_status: str
    ) -> None:
        try:
            fields = _sent(live.fields, cache_status)
            if wanted.method == "HEAD" or live.status in _BODILESS:
                await sending.whole(live.status, fields, b"")
                return
            await sending.stream(live.status, fields, _pieces(live))
        finally:
            live.leave()

    def _serves(self, stored: Stored, wanted: Wanted) -> bool:
        """Whether all that is wanted of it is here."""
        if stored.complete or wanted.method == "HEAD":
            return True
        parts = _parts(wanted, stored)
        return parts is not None and all(stored.covers(part) for part in parts)

    def _freshness(self, stored: Stored, wanted: Wanted) -> Freshness:
        """What an answer says of its keeping: read once while neither it nor the rules change."""
        rules = wanted.site.rules
        known = self._read.get(stored.id)
        if known is not None and known[0] is stored and known[1] is rules:
            return known[2]
        if len(self._read) >= REMEMBERED:
            self._read.clear()
        found = stored.freshness(rules)
        self._read[stored.id] = (stored, rules, found)
        return found

    def _verdict(self, stored: Stored, wanted: Wanted) -> Reuse:
        rules = wanted.site.rules
        now = self._clock.own()
        freshness = self._freshness(stored, wanted)
        return reuse(freshness, wanted.fields, now=now, max_stale_s=rules.max_stale_s)

    def _on_error(self, stored: Stored, wanted: Wanted) -> bool:
        freshness = self._freshness(stored, wanted)
        return self._store.here(stored) and may_serve_on_error(freshness, now=self._clock.own())

    def _may_wait(self, wanted: Wanted) -> bool:
        asked = cache_control(wanted.fields)
        return (
            wanted.method == "GET"
            and wanted.header("range") is None
            and not {"no-cache", "no-store", "max-age", "min-fresh"} & asked.keys()
            and wanted.header("if-match") is None
            and wanted.header("if-none-match") is None
            and wanted.header("if-modified-since") is None
            and wanted.header("if-unmodified-since") is None
        )

    def _revalidate(self, wanted: Wanted, stored: Stored) -> None:
        """Asks the origin beside the answer that is given now, once at a time."""
        if self._fetcher.coming(wanted.key) is None:
            plain = {"range", "if-range", "cache-control", "pragma"}
            whole = Wanted(
                site=wanted.site,
                method="GET",
                target=wanted.target,
                key=wanted.key,
                fields=without(wanted.fields, plain),
                bypass=False,
            )
            self._fetcher.begin(whole, stored=stored, alone=False).add_done_callback(_let_go)

    def _why(self, wanted: Wanted, stored: Stored | None, *, usable: bool) -> str:
        if stored is None:
            return "vary-miss" if self._store.has(wanted.key) else "uri-miss"
        if not usable:
            return "partial"
        freshness = self._freshness(stored, wanted)
        fresh = freshness.age_s(self._clock.own()) < freshness.lifetime_s
        return "request" if fresh and not freshness.must_validate else "stale"

    def _count(self, wanted: Wanted, sending: Sending, *, failed: bool) -> None:
        self._usage.count(
            Served(
                organisation_id=wanted.site.organisation_id,
                bytes_sent=sending.sent,
                hit_bytes=sending.hit_bytes,
                first_byte_s=sending.first_byte_s(),
                failed=failed,
            ),
            now_s=self._clock.now_s(),
        )


async def _pieces(live: Live) -> AsyncIterator[bytes]:
    while piece := await live.read():
        yield piece


def _parts(wanted: Wanted, stored: Stored) -> Sequence[Part] | None:
    if wanted.method != "GET" or stored.status != 200:
        return None
    text = wanted.header("range")
    if text is None or not range_applies(wanted.fields, stored.fields):
        return None
    if not stored.complete and not one_range(wanted):
        return None
    return wanted_parts(text, stored.size_bytes)


def _sent(fields: Fields, cache_status: str) -> Headers:
    return [*without(fields, UNSENT), ("cache-status", cache_status)]


def _refusal(error: UpstreamFailed) -> Refused:
    log.warning("a site's origin failed", problem=str(error))
    if error.status == 503:
        return Refused(503, "node_busy", "This node asks too much of origins.", retry_after_s=1)
    if error.status == 504:
        return Refused(504, "origin_silent", "The site's origin does not answer in time.")
    return Refused(502, "origin_failed", "The site's origin does not answer as it should.")


def _let_go(outcome: "asyncio.Future[Outcome]") -> None:
    if not outcome.cancelled() and outcome.exception() is None:
        found = outcome.result()
        if isinstance(found, Live):
            found.leave()
