"""Conditional and range requests (RFC 9110 sections 13, 14) for one range of immutable bytes."""

import re
from typing import Final

import msgspec

_RANGE: Final = re.compile(r"bytes=(\d{0,99})-(\d{0,99})", re.ASCII)


class Span(msgspec.Struct, frozen=True):
    """Which bytes to send: from `start` up to, not including, `end`."""

    status: int
    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


def choose_span(
    size_bytes: int, *, etag: str, range_header: str | None, if_range: str | None
) -> Span:
    """What a request asks for: everything (200), a part (206), or an impossible part (416).

    More than one range, or a header that is not understood, gets everything, as the RFC allows.
    """
    whole = Span(200, 0, size_bytes)
    if range_header is None or (if_range is not None and if_range != etag):
        return whole
    found = _RANGE.fullmatch(range_header.strip())
    if found is None:
        return whole
    first, last = found.groups()
    if not first and not last:
        return whole
    if not first:
        start, end = max(0, size_bytes - int(last)), size_bytes
        return Span(206, start, end) if int(last) and size_bytes else _unsatisfiable(size_bytes)
    start = int(first)
    end = min(int(last) + 1, size_bytes) if last else size_bytes
    if last and int(last) < start:
        return whole
    return Span(206, start, end) if start < size_bytes else _unsatisfiable(size_bytes)


def _unsatisfiable(size_bytes: int) -> Span:
    return Span(416, size_bytes, size_bytes)


def is_not_modified(if_none_match: str | None, etag: str) -> bool:
    """Whether the caller has these bytes already."""
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or etag in tags
