"""Conditional requests (RFC 9110 section 13): a client's, and a cache's own."""

from typing import Final, Literal

from souk.edge.http_cache.fields import Fields, lines, parse_date, split, value, without

Outcome = Literal["send", "not_modified", "failed"]

CONDITIONS: Final = frozenset(
    {"if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"}
)
_NOT_IN_304: Final = frozenset(
    {"content-length", "content-type", "content-encoding", "content-language", "content-range"}
)
_NEVER_UPDATED: Final = frozenset(
    {"content-length", "content-encoding", "content-type", "content-range", "age"}
)
"""What a 304 leaves as it is (RFC 9111 section 3.2): what the stored bytes are known by."""


def judge(request: Fields, fields: Fields, *, received_at: float) -> Outcome:
    """What the conditions of a GET or HEAD make of a stored answer."""
    etag = value(fields, "etag")
    changed = parse_date(value(fields, "last-modified"))
    if lines(request, "if-match"):
        if not _matches(request, "if-match", etag, weak=False):
            return "failed"
    elif lines(request, "if-unmodified-since"):
        since = parse_date(value(request, "if-unmodified-since"))
        if since is not None and changed is not None and changed > since:
            return "failed"
    if lines(request, "if-none-match"):
        return "not_modified" if _matches(request, "if-none-match", etag, weak=True) else "send"
    since = parse_date(value(request, "if-modified-since"))
    if since is None:
        return "send"
    known = changed if changed is not None else parse_date(value(fields, "date")) or received_at
    return "not_modified" if known <= since else "send"


def range_applies(request: Fields, fields: Fields) -> bool:
    """Whether a Range counts: without an If-Range, or when that names these very bytes."""
    wanted = value(request, "if-range")
    if wanted is None:
        return True
    if wanted.lstrip().startswith(('"', "W/")):
        return not wanted.startswith("W/") and wanted.strip() == value(fields, "etag")
    since = parse_date(wanted)
    return since is not None and since == parse_date(value(fields, "last-modified"))


def validating(fields: Fields) -> Fields:
    """The conditions with which a cache asks whether a stored answer is still good."""
    etag, changed = value(fields, "etag"), value(fields, "last-modified")
    asked: Fields = []
    if etag is not None:
        asked.append(("if-none-match", etag))
    if changed is not None:
        asked.append(("if-modified-since", changed))
    return asked


def freshened(fields: Fields, news: Fields) -> Fields:
    """A stored answer's fields after a 304 or a HEAD: what came replaces what was there."""
    fresh = without(news, _NEVER_UPDATED)
    replaced = {name for name, _ in fresh} | {"age"}
    return [*without(fields, replaced), *fresh, *((n, v) for n, v in news if n == "age")]


def same_content(fields: Fields, head: Fields) -> bool:
    """Whether a HEAD's answer is about the stored bytes."""
    for name in ("etag", "last-modified", "content-length"):
        one, other = value(fields, name), value(head, name)
        if one is not None and other is not None and one != other:
            return False
    return True


def not_modified_fields(fields: Fields) -> Fields:
    """What a 304 says of an answer."""
    return without(fields, _NOT_IN_304)


def strong_etag(fields: Fields) -> str | None:
    """The strong entity tag, with which parts of an answer may be put together."""
    etag = value(fields, "etag")
    return etag if etag is not None and etag.startswith('"') else None


def _matches(request: Fields, name: str, etag: str | None, *, weak: bool) -> bool:
    wanted = [one for line in lines(request, name) for one in split(line)]
    if "*" in wanted:
        return True
    if etag is None:
        return False
    if weak:
        return etag.removeprefix("W/") in {one.removeprefix("W/") for one in wanted}
    return not etag.startswith("W/") and etag in wanted
