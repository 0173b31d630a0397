"""A stored answer: its head, and where the bytes of its body lie."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from souk.edge.http_cache.fields import Fields, members, value
from souk.edge.http_cache.freshness import Freshness, freshness_of
from souk.edge.ranges import Part
from souk.edge.sites import SiteRules

CHUNK_BYTES: Final = 2**20
"""So much of a body has a checksum of its own."""
MAX_SEGMENTS: Final = 64
"""Parts of one answer that came apart; with more it begins anew."""
MAX_TAGS: Final = 128
MAX_TAG: Final = 256
TAG_FIELDS: Final = frozenset({"surrogate-key", "cache-tag"})
UNSENT: Final = frozenset({*TAG_FIELDS, "surrogate-control"})
"""Fields that an origin sends to its CDN, not to clients."""


class Segment(msgspec.Struct, frozen=True, array_like=True):
    """Bytes from `start` up to `end` of a body, in a file of their own."""

    start: int
    end: int
    file: str
    digests: bytes
    """BLAKE3 of every CHUNK_BYTES of it, 32 bytes each."""


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of one answer."""

    id: str
    key: str
    """As `keys.key_of` gives it."""
    organisation_id: str
    tags: tuple[str, ...]
    status: int
    """206 is kept as the 200 that it is a part of."""
    fields: list[tuple[str, str]]
    vary: tuple[str, ...]
    selected_by: tuple[str | None, ...]
    requested_at: float
    received_at: float
    size_bytes: int
    """Of the whole body, of which parts may be missing."""
    segments: tuple[Segment, ...]
    """In order; none of them overlap."""

    @property
    def site_id(self) -> str:
        return self.key.split("/", 3)[2]

    @property
    def kept_bytes(self) -> int:
        """What it takes on the disk, about."""
        return sum(one.end - one.start for one in self.segments) + 2048

    def covers(self, part: Part) -> bool:
        """Whether all of these bytes are here."""
        at = part.start
        for one in self.segments:
            if one.start <= at < one.end:
                at = one.end
        return at >= part.end

    @property
    def complete(self) -> bool:
        return self.covers(Part(0, self.size_bytes))

    def freshness(self, rules: SiteRules) -> Freshness:
        """What it says of its own keeping."""
        return freshness_of(
            self.status,
            self.fields,
            requested_at=self.requested_at,
            received_at=self.received_at,
            rules=rules,
        )


class Cut(msgspec.Struct, frozen=True):
    """What is wanted of one chunk of one file."""

    segment: Segment
    chunk: int
    start: int
    end: int


def cuts(stored: Stored, part: Part) -> Iterator[Cut]:
    """The pieces of chunks that make up these bytes, which must all be here."""
    at = part.start
    for segment in stored.segments:
        while segment.start <= at < min(segment.end, part.end):
            chunk, offset = divmod(at - segment.start, CHUNK_BYTES)
            until = min(part.end, segment.end, segment.start + (chunk + 1) * CHUNK_BYTES)
            yield Cut(segment, chunk, offset, offset + until - at)
            at = until


def combined(before: Stored, after: Stored) -> Stored | None:
    """One answer of the parts of two, with the newer one's head; None when that would be too many.

    Where both have the same bytes the newer ones count.
    """
    fresh = after.segments
    kept = [
        one
        for one in before.segments
        if all(one.end <= new.start or new.end <= one.start for new in fresh)
    ]
    segments = sorted([*kept, *fresh], key=lambda one: one.start)
    if len(segments) > MAX_SEGMENTS:
        return None
    return msgspec.structs.replace(after, segments=tuple(segments))


def tags_of(fields: Fields, *, site_id: str, organisation_id: str) -> tuple[str, ...]:
    """What a purge by tag finds an answer by."""
    named = (value(fields, "surrogate-key") or "").split()
    named += members(fields, "cache-tag")
    own = dict.fromkeys(one for one in named if len(one) <= MAX_TAG)
    tags = [f"tag:{site_id}:{one}" for one in list(own)[:MAX_TAGS]]
    return (f"site:{site_id}", f"organisation:{organisation_id}", *tags)


def total(segments: Sequence[Segment]) -> int:
    """How many bytes lie in these."""
    return sum(one.end - one.start for one in segments)
