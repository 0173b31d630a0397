"""Sites: what a node serves besides downloads, how it learns of them, and whose a request is.

A site is an origin of its owner's own, or assets that are kept at home. Home sends what has changed
since the number that a node names in its heartbeat; the node keeps all of it in one file, so that
it goes on when home is away.
"""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

SITE_PATH: Final = "/s/"
"""`/s/<site id>/…` on a node's own address leads to a site without any name server."""
MAX_NEWS: Final = 200
"""Sites in one answer of home; the rest comes with the next."""
MAX_STALE_S: Final = 30 * 86_400

SiteKind = Literal["origin", "assets"]
SiteMethod = Annotated[str, Meta(pattern="^[A-Z][A-Z-]{1,19}$")]
QueryRule = Literal["keep", "sort", "ignore"]

CookieName = Annotated[
    str, Meta(pattern=r"^(\*|[A-Za-z0-9!#$%&'+.^_`|~-]{1,64})$", description="or `*` for any")
]
Ttl = Annotated[int, Meta(ge=0, le=365 * 86_400)]
Stale = Annotated[int, Meta(ge=0, le=MAX_STALE_S)]


class SiteRules(msgspec.Struct, frozen=True, kw_only=True):
    """How a site is cached. Every field has a default: nodes and home may differ in age."""

    default_ttl_s: Ttl = 0
    """How long an answer is fresh that says nothing about it; 0 leaves it to the heuristic of RFC
    9111 (a tenth of its age, from Last-Modified)."""
    query: QueryRule = "keep"
    """What of the query names an answer: all as sent, all in a fixed order, or none (and then none
    reaches the origin)."""
    bypass_cookies: Annotated[tuple[CookieName, ...], Meta(max_length=32)] = ()
    """A request with one of these cookies is neither answered from the cache nor kept."""
    methods: Annotated[tuple[SiteMethod, ...], Meta(min_length=1, max_length=7)] = ("GET", "HEAD")
    """Others are answered 405."""
    stale_while_revalidate_s: Stale = 0
    """For answers that do not say it themselves (RFC 5861)."""
    stale_if_error_s: Stale = 0
    """For answers that do not say it themselves (RFC 5861)."""
    max_stale_s: Stale = 86_400
    """However long answer and request allow it, nothing is served staler than this."""


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """One site as nodes know it."""

    id: str
    organisation_id: str
    """Whose it is, to whose account the traffic is written."""
    kind: SiteKind
    hosts: tuple[str, ...] = ()
    """Lower-case names, proven to be the owner's: a request with one of them as Host is for it."""
    upstream: str
    """`scheme://host[:port][/base]` without a slash at its end; what begins with `/` is a path at
    the marketplace itself."""
    regions: tuple[str, ...] = ()
    """Where its bytes may lie; everywhere when empty."""
    rules: SiteRules = SiteRules()


class SiteNews(msgspec.Struct, frozen=True, kw_only=True):
    """What has changed about sites since a node last heard of them."""

    number: int
    """What the node names next time."""
    whole: bool
    """Whether these are all there are: the node forgets the others."""
    more: bool
    """Whether there is more to hear at once."""
    sites: tuple[Site, ...]
    removed: tuple[str, ...]


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    sites: tuple[Site, ...]


class Found(msgspec.Struct, frozen=True):
    """The site of a request."""

    site: Site
    path: str
    """The path as the site sees it, percent-encoded as it came."""


class Sites:
    """The sites that a node knows. `load` before use; `take` blocks for one small file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._sites: dict[str, Site] = {}
        self._by_host: dict[str, str] = {}
        self.number = 0
        """Up to where home has told of changes."""
        self.own_hosts: frozenset[str] = frozenset()
        """Names of the node itself, which are no site's whatever home says."""

    def load(self) -> None:
        """Takes up what was known; without a readable file home tells all of it again."""
        with suppress(OSError, msgspec.MsgspecError):
            kept = msgspec.json.decode(self._file.read_bytes(), type=_Kept)
            self.number = kept.number
            self._replace(kept.sites)

    def take(self, news: SiteNews) -> None:
        """Learns what has changed. Raises OSError when it cannot be kept; it counts none the less,
        and home says it again."""
        known = {} if news.whole else dict(self._sites)
        known |= {site.id: site for site in news.sites}
        for site_id in news.removed:
            known.pop(site_id, None)
        self._replace(known.values())
        kept = _Kept(number=news.number, sites=tuple(known.values()))
        fresh = self._file.with_suffix(".new")
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(kept))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._file)
        self.number = news.number

    def get(self, site_id: str) -> Site | None:
        """The site of this id."""
        return self._sites.get(site_id)

    def find(self, host: str | None, raw_path: str) -> Found | None:
        """The site a request is for: by its Host, else by a path below SITE_PATH.

        Args:
            raw_path: the path as it came, percent-encoded, without the query.
        """
        if self._by_host and host is not None:
            name = host_name(host)
            site_id = self._by_host.get(name)
            if site_id is not None and name not in self.own_hosts:
                return Found(self._sites[site_id], raw_path)
        if not raw_path.startswith(SITE_PATH):
            return None
        site_id, slash, rest = raw_path.removeprefix(SITE_PATH).partition("/")
        site = self._sites.get(site_id)
        return None if site is None or not slash else Found(site, f"/{rest}")

    def all(self) -> list[Site]:
        """Every site."""
        return list(self._sites.values())

    def _replace(self, sites: Iterable[Site]) -> None:
        self._sites = {site.id: site for site in sites}
        self._by_host = {host: site.id for site in self._sites.values() for host in site.hosts}


_PORT: Final = re.compile(r":\d{0,5}$")


def host_name(host: str) -> str:
    """The name in a Host header: lower case, without port and final dot."""
    return _PORT.sub("", host.strip()).rstrip(".").lower()
