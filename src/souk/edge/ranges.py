"""Range requests (RFC 9110 section 14) over immutable bytes: one part, several, or none."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

MAX_HEADER: Final = 4096
MAX_RANGES: Final = 16
"""So many parts are sent at most; who asks for more gets the whole, which costs less."""
_RANGE: Final = re.compile(r"(\d{0,18})-(\d{0,18})", re.ASCII)


class Part(msgspec.Struct, frozen=True, order=True):
    """Bytes from `start` up to, not including, `end`."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


def wanted_parts(header: str | None, size_bytes: int) -> Sequence[Part] | None:
    """The parts that a `Range` header asks for, or None for the whole.

    Parts that overlap or touch become one, so that no byte is sent twice; they come in the order of
    the file. A header that is not understood, or asks for more than MAX_RANGES parts, is ignored,
    as the RFC allows. An empty answer means that no part lies within the file (416).
    """
    if header is None or len(header) > MAX_HEADER:
        return None
    unit, sign, text = header.partition("=")
    if unit.strip().lower() != "bytes" or not sign:
        return None
    found: list[Part] = []
    for piece in text.split(","):
        match = _RANGE.fullmatch(piece.strip())
        if match is None or piece.strip() == "-":
            return None
        part = _part(match[1], match[2], size_bytes)
        if part is None:
            return None
        if part.length > 0:
            found.append(part)
    joined = _joined(found)
    return None if len(joined) > MAX_RANGES else joined


def _part(first: str, last: str, size_bytes: int) -> Part | None:
    """The part; an empty one when it lies outside the file; None when it makes no sense."""
    if not first:
        return Part(max(0, size_bytes - int(last)), size_bytes)
    start = int(first)
    if not last:
        return Part(min(start, size_bytes), size_bytes)
    if int(last) < start:
        return None
    return Part(min(start, size_bytes), min(int(last) + 1, size_bytes))


def _joined(parts: Sequence[Part]) -> list[Part]:
    joined: list[Part] = []
    for part in sorted(parts):
        if joined and part.start <= joined[-1].end:
            joined[-1] = Part(joined[-1].start, max(joined[-1].end, part.end))
        else:
            joined.append(part)
    return joined


def is_not_modified(if_none_match: str | None, etag: str) -> bool:
    """Whether the caller has these bytes already."""
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or etag in tags


def is_refused(if_match: str | None, etag: str) -> bool:
    """Whether the caller wants other bytes than these (412)."""
    if if_match is None:
        return False
    tags = {tag.strip() for tag in if_match.split(",")}
    return "*" not in tags and etag not in tags
