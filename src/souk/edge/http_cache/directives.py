"""Cache directives: of requests, of answers, and those that an answer aims at a CDN."""

import re
from collections.abc import Mapping
from typing import Final

from souk.edge.http_cache.fields import Fields, lines, split

Directives = Mapping[str, str | None]

MAX_SECONDS: Final = 2**31
_DIGITS: Final = re.compile(r"\d+", re.ASCII)
_ITEM: Final = (
    r"(?P<{0}>-?\d{{1,15}}(?:\.\d{{1,3}})?"
    r'|"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"'
    r"|[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*|:[A-Za-z0-9+/=]*:|\?[01])"
)
_KEY: Final = r"[a-z*][a-z0-9_.*-]*"
_PARAMETERS: Final = r"(?:;[ ]*" + _KEY + "(?:=" + _ITEM.format("p") + ")?)*"
_SF_MEMBER: Final = re.compile(
    rf"(?P<key>{_KEY})(?:=(?:{_ITEM.format('item')}|\((?P<list>[^()]*)\)))?{_PARAMETERS}"
)
"""A member of a structured dictionary (RFC 8941); an inner list is not looked into."""


def cache_control(fields: Fields, name: str = "cache-control") -> Directives:
    """The directives of a Cache-Control field; of one that is repeated the first counts."""
    found: dict[str, str | None] = {}
    for line in lines(fields, name):
        for member in split(line):
            key, sign, text = member.partition("=")
            found.setdefault(key.lower(), _unquoted(text) if sign else None)
    return found


def targeted(fields: Fields) -> Directives | None:
    """What an answer says to CDNs alone: it replaces Cache-Control and Expires altogether.

    CDN-Cache-Control is a structured field (RFC 9213) that is ignored when it is malformed or
    empty; Surrogate-Control is read as Cache-Control is.
    """
    found = lines(fields, "cdn-cache-control")
    if found:
        dictionary = _dictionary(", ".join(found))
        if dictionary:
            return dictionary
    surrogate = cache_control(fields, "surrogate-control")
    return surrogate or None


def seconds(directives: Directives, name: str) -> int | None:
    """The delta-seconds of a directive; None without it, and 0 when it makes no sense: an answer
    whose freshness cannot be read is stale."""
    if name not in directives:
        return None
    text = directives[name]
    if text is None or _DIGITS.fullmatch(text) is None:
        return 0
    return MAX_SECONDS if len(text.lstrip("0")) > 10 else min(int(text), MAX_SECONDS)


def asked_seconds(directives: Directives, name: str) -> int | None:
    """The delta-seconds of a request's directive; None also when it makes no sense."""
    text = directives.get(name)
    return None if text is None or _DIGITS.fullmatch(text) is None else seconds(directives, name)


def named_fields(directives: Directives, name: str) -> frozenset[str]:
    """The fields that `private="…"` or `no-cache="…"` is about; none when it is about all."""
    text = directives.get(name)
    return frozenset() if not text else frozenset(one.lower() for one in split(text))


def applies(directives: Directives, name: str) -> bool:
    """Whether a directive is there and about the whole answer."""
    return name in directives and not named_fields(directives, name)


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def _dictionary(text: str) -> Directives | None:
    found: dict[str, str | None] = {}
    at, text = 0, text.strip(" ")
    while at < len(text):
        match = _SF_MEMBER.match(text, at)
        if match is None:
            return None
        at = match.end()
        _take(found, match["key"], match["item"])
        rest = re.compile(r"[ \t]*(,[ \t]*)?").match(text, at)
        assert rest is not None
        if at < len(text) and (rest[1] is None or rest.end() == len(text)):
            return None
        at = rest.end()
    return found


def _take(found: dict[str, str | None], key: str, item: str | None) -> None:
    """Of a value of another type than a directive has, nothing is taken."""
    if item == "?0":
        found.pop(key, None)
    elif item is None or item == "?1":
        found[key] = None
    elif item.isdigit():
        found[key] = item
    elif item.startswith('"') and key in {"private", "no-cache"}:
        found[key] = _unquoted(item)
    elif item.startswith("-"):
        found[key] = "0"
