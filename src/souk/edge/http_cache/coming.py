"""What comes of asking an origin: an answer on its way in, or word that a stored one is good."""

import asyncio
import re
from typing import Final

import msgspec

from souk.edge.http_cache.fields import Fields, value, without
from souk.edge.http_cache.filling import Filling, Reader
from souk.edge.http_cache.freshness import Freshness, freshness_of, may_store, unstored_fields
from souk.edge.http_cache.keys import selecting, vary_of
from souk.edge.http_cache.store import Moment, new_name
from souk.edge.http_cache.stored import Segment, Stored, tags_of
from souk.edge.http_cache.wanted import Wanted
from souk.edge.ranges import Part

_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})", re.ASCII)


class Live:
    """An answer that comes in: its head, and a reader of its body."""

    def __init__(
        self,
        *,
        status: int,
        fields: Fields,
        filling: Filling,
        freshness: Freshness,
        selected: tuple[tuple[str, ...], tuple[str | None, ...]] | None,
        asked: Moment,
        task: "asyncio.Task[None]",
    ) -> None:
        self.status = status
        self.fields = fields
        self.freshness = freshness
        self.selected = selected
        """By what it was selected, when it is kept; None when it is for one client alone."""
        self.asked = asked
        """When the origin was: after a purge or an invalidation it is for nobody else."""
        self._filling = filling
        self._task = task
        self._reader: Reader = filling.join()

    def shared(self) -> "Live":
        """The same answer for somebody else."""
        return Live(
            status=self.status,
            fields=self.fields,
            filling=self._filling,
            freshness=self.freshness,
            selected=self.selected,
            asked=self.asked,
            task=self._task,
        )

    @property
    def over(self) -> bool:
        """Whether nobody can join it any more."""
        return self._filling.closed or self._filling.error is not None

    async def read(self) -> bytes:
        """What comes next of the body; nothing at its end. Raises UpstreamFailed."""
        return await self._filling.read(self._reader)

    def leave(self) -> None:
        """No more of it is wanted here."""
        filling = self._filling
        filling.leave(self._reader)
        if not filling.readers and not filling.kept and not filling.done:
            self._task.cancel()


class Validated(msgspec.Struct, frozen=True):
    """The stored answer is still good."""

    stored: Stored


Outcome = Live | Validated


class Coming:
    """What is known of an answer once its head is there."""

    def __init__(
        self,
        wanted: Wanted,
        status: int,
        fields: Fields,
        requested_at: float,
        received_at: float,
    ) -> None:
        rules = wanted.site.rules
        self.wanted = wanted
        self.status = status
        self.fields = fields
        self._times = (requested_at, received_at)
        self.freshness = freshness_of(
            status, fields, requested_at=requested_at, received_at=received_at, rules=rules
        )
        self._part = _content_range(fields) if status == 206 else None
        names = vary_of(fields)
        self.selected = (names, selecting(names, wanted.fields))
        self.keep = (
            wanted.method == "GET"
            and not wanted.bypass
            and (status != 206 or self._part is not None)
            and may_store(status, fields, wanted.fields, freshness=self.freshness, rules=rules)
        )

    @property
    def announced(self) -> int | None:
        """How many bytes it is said to have."""
        text = value(self.fields, "content-length")
        return int(text) if text is not None and text.isdigit() and len(text) < 16 else None

    def stored(self, filling: Filling) -> Stored | None:
        """What to keep, once the body is there; None when it is not what was announced."""
        part, size = Part(0, filling.size), filling.size
        if self._part is not None:
            part, size = self._part
            if part.length != filling.size:
                return None
        site = self.wanted.site
        segment = Segment(part.start, part.end, filling.name or "", bytes(filling.digests))
        names, values = self.selected
        dropped = {"content-length", *unstored_fields(self.fields)}
        return Stored(
            id=new_name(),
            key=self.wanted.key,
            organisation_id=site.organisation_id,
            tags=tags_of(self.fields, site_id=site.id, organisation_id=site.organisation_id),
            status=200 if self.status == 206 else self.status,
            fields=without(
                self.fields, dropped | ({"content-range"} if self.status == 206 else set())
            ),
            vary=names,
            selected_by=values,
            requested_at=self._times[0],
            received_at=self._times[1],
            size_bytes=size,
            segments=(segment,) if filling.size else (),
        )


def _content_range(fields: Fields) -> tuple[Part, int] | None:
    match = _CONTENT_RANGE.fullmatch((value(fields, "content-range") or "").strip())
    if match is None:
        return None
    start, last, size = (int(text) for text in match.groups())
    return (Part(start, last + 1), size) if start <= last < size else None
