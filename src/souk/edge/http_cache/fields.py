"""Header fields as a cache needs them: every line in order, lists, dates, what is for one hop."""

import calendar
import re
import time
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

Fields = list[tuple[str, str]]
"""Every line, in order; names in lower case."""

HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authentication-info",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Fields between two neighbours (RFC 9110 section 7.6.1, RFC 9111 section 3.1)."""

_MEMBER: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"?|[^",])+')
_MONTHS: Final = ("jan feb mar apr may jun jul aug sep oct nov dec").split()
_DAY: Final = "(?:mon|tue|wed|thu|fri|sat|sun)"
_LONG_DAY: Final = "(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_TIME: Final = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_DATES: Final = tuple(
    re.compile(pattern, re.IGNORECASE | re.ASCII)
    for pattern in (
        rf"{_DAY}, (?P<day>\d\d) (?P<month>[a-z]{{3}}) (?P<year>\d{{4}}) {_TIME} gmt",
        rf"{_LONG_DAY}, (?P<day>\d\d)-(?P<month>[a-z]{{3}})-(?P<year>\d\d) {_TIME} gmt",
        rf"{_DAY} (?P<month>[a-z]{{3}}) (?P<day>[ \d]\d) {_TIME} (?P<year>\d{{4}})",
    )
)


def lines(fields: Iterable[tuple[str, str]], name: str) -> list[str]:
    """The values of every line of this (lower-case) name."""
    return [value for known, value in fields if known == name]


def value(fields: Iterable[tuple[str, str]], name: str) -> str | None:
    """The lines of this name joined to one; None without any."""
    found = lines(fields, name)
    return ", ".join(found) if found else None


def members(fields: Iterable[tuple[str, str]], name: str) -> list[str]:
    """The members of a field that is a list; a comma in quotes divides nothing."""
    found = value(fields, name)
    return [] if found is None else split(found)


def split(text: str) -> list[str]:
    """The members of a list, without empty ones."""
    return [piece for piece in (match.strip() for match in _MEMBER.findall(text)) if piece]


def without(fields: Iterable[tuple[str, str]], names: Collection[str]) -> Fields:
    """The fields but for those of these names."""
    return [(name, text) for name, text in fields if name not in names]


def end_to_end(fields: Fields) -> Fields:
    """The fields that go on to the next: none of one hop, and none that `Connection` names."""
    named = {name.lower() for name in members(fields, "connection")}
    return without(fields, HOP_BY_HOP | named)


def parse_date(text: str | None) -> float | None:
    """Unix seconds of an HTTP date in any of its three forms; None when it is none of them."""
    if text is None:
        return None
    for form in _DATES:
        match = form.fullmatch(text.strip())
        if match is None:
            continue
        year = int(match["year"])
        if year < 100:
            year += 1900 if year >= (time.gmtime().tm_year + 50) % 100 else 2000
        if match["month"].lower() not in _MONTHS:
            return None
        try:
            found = datetime(  # noqa: DTZ001  # read as UTC below
                year,
                _MONTHS.index(match["month"].lower()) + 1,
                int(match["day"]),
                int(match["hour"]),
                int(match["minute"]),
                min(int(match["second"]), 59),
            )
        except ValueError:
            return None
        return float(calendar.timegm(found.timetuple()))
    return None


def format_date(seconds: float) -> str:
    """An HTTP date of Unix seconds."""
    moment = time.gmtime(seconds)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.tm_wday]
    month = _MONTHS[moment.tm_mon - 1].capitalize()
    return time.strftime(f"{day}, %d {month} %Y %H:%M:%S GMT", moment)
