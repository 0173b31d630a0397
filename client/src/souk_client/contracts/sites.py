"""The CDN: sites, which are origins of their owners' own that edge nodes serve and cache."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, field

from souk_client.contracts.base import Answer, Id, Name, Request

SiteKind = Literal["origin", "assets"]
SiteMethod = Annotated[
    str, Meta(pattern="^[A-Z][A-Z-]{1,19}$", description="such as `POST`; never CONNECT or TRACE")
]
QueryRule = Literal["keep", "sort", "ignore"]
Upstream = Annotated[
    str,
    Meta(
        max_length=2000,
        pattern="^https?://[^\\s]+$",
        description="where nodes fetch: `https://origin.example.org`, perhaps with a port and a "
        "path that comes before every other",
        examples=["https://origin.example.org"],
    ),
]
HostName = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=253,
        pattern=r"^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}$",
        description="a name such as `www.example.org`; others than ASCII as `xn--…`",
        examples=["www.example.org"],
    ),
]
Hosts = Annotated[list[HostName], Meta(max_length=10)]
CookieName = Annotated[
    str, Meta(pattern=r"^(\*|[A-Za-z0-9!#$%&'+.^_`|~-]{1,64})$", description="or `*` for any")
]
Ttl = Annotated[int, Meta(ge=0, le=365 * 86_400)]
Stale = Annotated[int, Meta(ge=0, le=30 * 86_400)]


class SiteRules(Request, frozen=True, kw_only=True):
    """How a site is cached: what the origin's own headers say comes first."""

    default_ttl_s: Ttl = 0
    """Seconds that an answer is fresh which says nothing about it; 0: a tenth of its age."""
    query: QueryRule = "keep"
    """What of the query names an answer: all as sent, all in a fixed order, or none (and then none
    reaches the origin)."""
    bypass_cookies: Annotated[list[CookieName], Meta(max_length=32)] = []
    """A request with one of these cookies is neither answered from the cache nor kept."""
    methods: Annotated[list[SiteMethod], Meta(min_length=1, max_length=7)] = field(
        default_factory=lambda: ["GET", "HEAD"]
    )
    """Others are answered 405."""
    stale_while_revalidate_s: Stale = 0
    """Seconds, for answers that do not say it themselves (RFC 5861)."""
    stale_if_error_s: Stale = 0
    """Seconds, for answers that do not say it themselves (RFC 5861)."""
    max_stale_s: Stale = 86_400
    """However long answer and request allow it, nothing is served staler than this."""


class SiteRequest(Request, frozen=True, kw_only=True):
    """An origin to put behind the CDN."""

    name: Name
    upstream: Upstream
    hosts: Hosts = []
    """Names under which it is asked for; each counts once it is proven to be the owner's."""
    rules: SiteRules = field(default_factory=SiteRules)
    organisation_id: Id | None = None
    """Whose it is; the caller's own when left out."""


class SiteUpdate(Request, frozen=True, kw_only=True):
    """What is left out stays as it is."""

    name: Name | None = None
    upstream: Upstream | None = None
    hosts: Hosts | None = None
    rules: SiteRules | None = None


class SiteHost(Answer, frozen=True, kw_only=True):
    """A name of a site."""

    host: str
    proven: bool
    """Nodes answer for it only then."""


class Site(Answer, frozen=True, kw_only=True):
    """A site, as its owner sees it."""

    id: str
    organisation_id: str
    kind: SiteKind
    name: str
    upstream: str
    hosts: list[SiteHost]
    rules: SiteRules
    regions: list[str]
    """Where its bytes may lie, by its owner's residency rule; everywhere when empty."""
    path: str
    """Below this it is at every node's own address, without any name server."""
    created_at: datetime
    changed_at: datetime


class Sites(Answer, frozen=True, kw_only=True):
    items: list[Site]
