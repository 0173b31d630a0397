"""Rules of analytics: who is counted, under which id, from where, and what trends. No I/O."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from math import log1p
from typing import Final
from urllib.parse import parse_qs, urlsplit

import msgspec

UNKNOWN: Final = "unknown"
"""The country of a visitor nobody tells us about."""
DIRECT: Final = "direct"
"""The source of a visit without a referrer."""
SEARCH: Final = "search"
MARKETPLACE: Final = "marketplace"
"""Sources within the marketplace."""
MAX_QUERY: Final = 80
MAX_SOURCE: Final = 100

SALT_GRACE: Final = timedelta(minutes=5)
"""How long a day's salt outlives it: facts of before midnight may still be on their way."""

WEIGHTS: Final[Mapping[str, float]] = {
    "view": 1.0,
    "click": 1.0,
    "checkout": 3.0,
    "favourite": 4.0,
    "download": 4.0,
    "order": 8.0,
}
"""How much an action of each kind says about wanting a listing."""

_ROBOTS: Final = (
    *("bot", "crawl", "spider", "slurp", "archiver", "scraper", "scrapy", "headless", "lighthouse"),
    *(
        "pingdom",
        "uptime",
        "monitor",
        "preview",
        "facebookexternalhit",
        "embedly",
        "curl/",
        "wget/",
    ),
    *("phantomjs", "selenium", "google-extended", "feedfetcher", "validator", "python-urllib"),
    *("libwww", "zgrab", "nmap"),
)
_NO_ROBOT: Final = "cubot"
"""A maker of phones."""
_PERSONAL: Final = re.compile(r"\S*@\S*|\S*\d{6,}\S*")
"""E-mail addresses and long numbers: not search words, and perhaps somebody's own."""
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_NO_COUNTRY: Final = frozenset({"XX", "T1", "ZZ"})
_HOST: Final = re.compile(r"[a-z0-9.-]{1,100}")


def is_robot(user_agent: str) -> bool:
    """Whether a user agent is a robot's; one that says nothing counts as one."""
    said = user_agent.lower().replace(_NO_ROBOT, "")
    return not said.strip() or any(word in said for word in _ROBOTS)


def wants_no_counting(headers: Mapping[str, str]) -> bool:
    """Whether a visitor asks not to be tracked (DNT, Sec-GPC), or only a browser looks ahead."""
    return (
        headers.get("dnt") == "1"
        or headers.get("sec-gpc") == "1"
        or "prefetch" in headers.get("sec-purpose", "")
        or "prefetch" in headers.get("purpose", "")
    )


def is_part(headers: Mapping[str, str]) -> bool:
    """Whether htmx refreshes a part of a page that is shown already."""
    return headers.get("hx-request") == "true" and headers.get("hx-boosted") != "true"


def visitor_id(salt: bytes, *, user_id: str | None, address: str, user_agent: str) -> str:
    """An id that holds as long as the salt does: one day.

    Someone who is signed in is one visitor on every device.
    """
    who = f"user\0{user_id}" if user_id else f"guest\0{address}\0{user_agent}"
    return "vis_" + hashlib.blake2b(who.encode(), key=salt, digest_size=16).hexdigest()


def normal_query(typed: str) -> str:
    """Search words as they are kept: folded, without what may name a person, at most 80 long."""
    printable = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFKC", typed))
    return " ".join(_PERSONAL.sub(" ", printable).casefold().split())[:MAX_QUERY].strip()


class Source(msgspec.Struct, frozen=True):
    """Where a visit came from, and with which search words."""

    name: str
    """`direct`, `search`, `marketplace`, or the host of another site."""
    query: str = ""


def source_of(referrer: str, *, own_host: str) -> Source:
    """The source that a Referer header tells; of another site only its host is kept."""
    try:
        parts = urlsplit(referrer)
        host = (parts.hostname or "").lower()
        words = parse_qs(parts.query, max_num_fields=50).get("q", [""])
    except ValueError:
        return Source(DIRECT)
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        return Source(DIRECT)
    if parts.netloc.lower() != own_host.lower():
        return Source(host.removeprefix("www.")[:MAX_SOURCE])
    if parts.path == "/search":
        return Source(SEARCH, normal_query(words[0]))
    return Source(MARKETPLACE)


def country_of(named: str) -> str:
    """A country by its ISO 3166 code, or `unknown`."""
    code = named.strip().upper()
    return code if _COUNTRY.fullmatch(code) and code not in _NO_COUNTRY else UNKNOWN


def start_of_day(at: datetime) -> datetime:
    """Midnight (UTC) of the day of this moment."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def kept_from(now: datetime, *, keep_days: int) -> datetime:
    """Facts before this moment are deleted: always the start of a day."""
    return start_of_day(now) - timedelta(days=keep_days)


def day_of(at: datetime) -> date:
    """The day (UTC) of this moment."""
    return at.astimezone(UTC).date()


class Action(msgspec.Struct, frozen=True):
    """What trending looks at: who did what to a listing, and how long ago."""

    person: str
    kind: str
    age_hours: float


def trending_score(actions: Iterable[Action], *, half_life_hours: float) -> float:
    """How much a listing is wanted now.

    The sum over the kinds of `weight · ln(1 + Σ 2^(−age / half-life))`, where each person counts
    once a kind, with the newest action. So one person's repetitions change nothing, and the
    logarithm keeps a thousand views from weighing like a thousand sales.
    """
    newest: dict[tuple[str, str], float] = {}
    for action in actions:
        key = (action.kind, action.person)
        newest[key] = min(newest.get(key, action.age_hours), action.age_hours)
    sums: dict[str, float] = {}
    for (kind, _), age_hours in newest.items():
        sums[kind] = sums.get(kind, 0.0) + 2.0 ** (-max(0.0, age_hours) / half_life_hours)
    return sum(WEIGHTS.get(kind, 0.0) * log1p(total) for kind, total in sums.items())


def conversion(orders: int, visitors: int) -> float | None:
    """Orders for each visitor, at most 1; None where nobody came."""
    return min(1.0, orders / visitors) if visitors else None
