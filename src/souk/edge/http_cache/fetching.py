"""Asking a site's origin: once for everybody who waits, kept on the way where that is allowed."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from souk.edge.http_cache.coming import Coming, Live, Outcome, Validated
from souk.edge.http_cache.conditions import (
    CONDITIONS,
    freshened,
    same_content,
    strong_etag,
    validating,
)
from souk.edge.http_cache.fields import Fields, format_date, parse_date, value, without
from souk.edge.http_cache.filling import Abandoned, Filling
from souk.edge.http_cache.origin import Asking, OriginAnswer, Origins, forwarded
from souk.edge.http_cache.store import AnswerStore, Moment, new_name
from souk.edge.http_cache.stored import Stored, combined, tags_of
from souk.edge.http_cache.wanted import Wanted
from souk.edge.ranges import Part
from souk.edge.upstream import UpstreamFailed
from souk.infra.waiting import end_tasks

MAX_TASKS: Final = 2048
_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})", re.ASCII)
_BODILESS: Final = frozenset({204, 304})
_ONE_RANGE: Final = re.compile(r"\s*bytes\s*=\s*(\d{1,15}-\d{0,15}|-\d{1,15})\s*", re.IGNORECASE)

log = structlog.get_logger("souk.edge")


class Fetcher:
    """Asks origins for GET and HEAD, and keeps what may be kept.

    Args:
        via: how the node names itself to origins.
        limit_bytes: an answer larger than this is not kept.
    """

    def __init__(
        self,
        store: AnswerStore,
        origins: Origins,
        *,
        via: str,
        limit_bytes: int,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._origins = origins
        self._via = via
        self._limit_bytes = min(limit_bytes, store.limit_bytes // 2)
        self._now = now
        self._coming: dict[str, asyncio.Future[Outcome]] = {}
        self._keeping: dict[str, set[Filling]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def coming(self, key: str) -> "asyncio.Future[Outcome] | None":
        """What others wait for at this address now."""
        return self._coming.get(key)

    async def settled(self, key: str) -> bool:
        """Waits for bodies that have all come for this address until they are kept; whether there
        was any."""
        ending = [one for one in self._keeping.get(key, ()) if one.all_here]
        for filling in ending:
            await filling.settled.wait()
        return bool(ending)

    async def fetch(self, wanted: Wanted, *, stored: Stored | None, alone: bool) -> Outcome:
        """Asks the origin; with the stored answer's validators when there is one.

        Args:
            alone: whether nobody else may wait for the same.

        Raises:
            UpstreamFailed: it does not answer.
        """
        return await asyncio.shield(self.begin(wanted, stored=stored, alone=alone))

    def begin(
        self, wanted: Wanted, *, stored: Stored | None, alone: bool
    ) -> "asyncio.Future[Outcome]":
        """Starts asking the origin. As `fetch`."""
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        outcome.add_done_callback(_retrieved)  # nobody may be waiting any more
        if len(self._tasks) >= MAX_TASKS:
            outcome.set_exception(UpstreamFailed("this node asks too much already", status=503))
            return outcome
        held = not alone and wanted.key not in self._coming
        if held:
            self._coming[wanted.key] = outcome
        task = asyncio.create_task(self._run(wanted, stored, outcome, held=held))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return outcome

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._tasks)

    async def close(self, *, within_s: float = 1.0) -> None:
        """Lets what is under way end for so long, then ends it."""
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=within_s)
        await end_tasks(tuple(self._tasks))

    async def _run(
        self,
        wanted: Wanted,
        stored: Stored | None,
        outcome: "asyncio.Future[Outcome]",
        *,
        held: bool,
    ) -> None:
        problem: Exception = UpstreamFailed("the node is ending")
        try:
            await self._ask(wanted, stored, outcome)
        except (UpstreamFailed, Abandoned) as error:
            problem = error
        except Exception as error:
            log.exception("a fetch for a site failed")
            problem = UpstreamFailed(repr(error))
        finally:
            if held:
                self._coming.pop(wanted.key, None)
            if not outcome.done():
                outcome.set_exception(problem)

    async def _ask(
        self, wanted: Wanted, stored: Stored | None, outcome: "asyncio.Future[Outcome]"
    ) -> None:
        asked, requested_at = self._store.moment(wanted.key), self._now()
        asking = Asking(
            site=wanted.site,
            method=wanted.method,
            target=wanted.target,
            fields=forwarded(_with_conditions(wanted, stored), via=self._via),
        )
        async with self._origins.ask(asking) as answer:
            received_at = self._now()
            fields = _dated(answer.fields, received_at)
            if answer.status == 304 and stored is not None:
                fresh = freshened_answer(stored, fields, requested_at, received_at)
                await self._store.put(fresh, asked=asked, replaces=stored)
                outcome.set_result(Validated(fresh))
                return
            if wanted.method == "HEAD":
                await self._learn_from_head(wanted, answer, fields, requested_at, received_at)
            coming = Coming(wanted, answer.status, fields, requested_at, received_at)
            await self._take_in(coming, answer, outcome, asked, stored)

    async def _take_in(
        self,
        coming: Coming,
        answer: OriginAnswer,
        outcome: "asyncio.Future[Outcome]",
        asked: Moment,
        before: Stored | None,
    ) -> None:
        announced = coming.announced
        keep = coming.keep and (announced is None or announced <= self._limit_bytes)
        if keep and before is None:
            before = self._store.find(coming.wanted.key, coming.wanted.fields)
        filling = Filling(
            self._store.files,
            name=new_name() if keep else None,
            limit_bytes=self._limit_bytes,
            announced=announced,
        )
        task = asyncio.current_task()
        assert task is not None
        live = Live(
            status=answer.status,
            fields=coming.fields,
            filling=filling,
            freshness=coming.freshness,
            selected=coming.selected if keep and answer.status != 206 else None,
            asked=asked,
            task=task,
        )
        key = coming.wanted.key
        if keep:
            self._keeping.setdefault(key, set()).add(filling)
        outcome.set_result(live)
        try:
            await filling.take(answer.body)
            made = coming.stored(filling) if filling.kept else None
            if made is not None:
                await self._keep(made, filling, before, asked)
            elif before is not None and not keep and answer.status == 200:
                await self._store.drop([before])  # it was replaced by what may not be kept
        finally:
            self._no_longer_keeping(key, filling)
            if filling.name is not None and not self._store.has_body(key, filling.name):
                await filling.drop()
            await filling.close()

    def _no_longer_keeping(self, key: str, filling: Filling) -> None:
        filling.settled.set()
        held = self._keeping.get(key, set())
        held.discard(filling)
        if not held:
            self._keeping.pop(key, None)

    async def _keep(
        self, made: Stored, filling: Filling, before: Stored | None, asked: Moment
    ) -> None:
        fits = (
            before is not None
            and before.size_bytes == made.size_bytes
            and strong_etag(before.fields) is not None
            and strong_etag(before.fields) == strong_etag(made.fields)
        )
        if before is None or not fits or made.complete:
            await self._store.put(made, asked=asked, replaces=before)
            return
        part = Part(made.segments[0].start, made.segments[0].end)
        if before.covers(part):
            await filling.drop()
            made = msgspec.structs.replace(made, segments=before.segments)
        merged = combined(before, made)
        await self._store.put(merged or made, asked=asked, replaces=before)

    async def _learn_from_head(
        self,
        wanted: Wanted,
        answer: OriginAnswer,
        fields: Fields,
        requested_at: float,
        received_at: float,
    ) -> None:
        """RFC 9111 section 4.3.5: a HEAD freshens what it is about, and drops what it is not."""
        if answer.status != 200:
            return
        found = self._store.find(wanted.key, wanted.fields)
        if found is None or found.status != 200:
            return
        known = [*found.fields, ("content-length", str(found.size_bytes))]
        if same_content(known, fields):
            fresh = freshened_answer(found, fields, requested_at, received_at)
            await self._store.put(fresh, asked=self._store.moment(wanted.key), replaces=found)
        else:
            await self._store.drop([found])


def freshened_answer(
    stored: Stored, news: Fields, requested_at: float, received_at: float
) -> Stored:
    """A stored answer with the head that a validation has brought."""
    tags = stored.tags
    if value(news, "surrogate-key") is not None or value(news, "cache-tag") is not None:
        tags = tags_of(news, site_id=stored.site_id, organisation_id=stored.organisation_id)
    return msgspec.structs.replace(
        stored,
        fields=freshened(stored.fields, news),
        tags=tags,
        requested_at=requested_at,
        received_at=received_at,
    )


def one_range(wanted: Wanted) -> bool:
    """Whether a request wants one part: of several the origin is not asked, but for the whole."""
    text = wanted.header("range")
    return text is not None and _ONE_RANGE.fullmatch(text) is not None


def _with_conditions(wanted: Wanted, stored: Stored | None) -> Fields:
    fields = wanted.fields
    if wanted.method != "GET" or not one_range(wanted):
        fields = without(fields, {"range", "if-range"})
    if stored is None:
        return fields
    return [*without(fields, CONDITIONS - {"if-range"}), *validating(stored.fields)]


def _dated(fields: Fields, received_at: float) -> Fields:
    if parse_date(value(fields, "date")) is not None:
        return fields
    return [*without(fields, {"date"}), ("date", format_date(received_at))]


def _retrieved(future: "asyncio.Future[Outcome]") -> None:
    if not future.cancelled():
        future.exception()
