"""The CDN: nodes and regions, the way to the nearest one, purges, residency and figures."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from souk_client.contracts.base import Answer, Id, Request

NodeState = Literal["joining", "ready", "draining", "down"]
PurgeKind = Literal["url", "tag", "prefix", "all"]
RegionName = Annotated[str, Meta(pattern="^[a-z]{2}-[a-z]{2,12}$", description="such as `eu-west`")]


class Place(Answer, frozen=True, kw_only=True):
    """Where a client is, as far as its address tells."""

    country: str | None
    """ISO 3166-1, two letters; null where it is not known, as on a private network."""
    latitude: float | None = None
    longitude: float | None = None


class RoutedNode(Answer, frozen=True, kw_only=True):
    """A node for a client; the first of a list is the one to ask."""

    node_id: str
    region: str
    url: str
    distance_km: int | None
    """From the middle of the client's country; null where that is not known."""


class Route(Answer, frozen=True, kw_only=True):
    """As a name server answers: the best node, others to fall back on, and for how long."""

    place: Place
    nodes: list[RoutedNode]
    ttl_s: int


class Node(Answer, frozen=True, kw_only=True):
    """A node, and how it is."""

    id: str
    region: str
    url: str
    state: NodeState
    is_local: bool
    """Whether this marketplace runs it itself."""
    joined_at: datetime
    seen_at: datetime | None
    load: float
    downloads: int
    """Under way now."""
    used_bytes: int
    cache_bytes: int
    damaged: int
    """Slices that were found damaged on its disk, dropped and fetched again, since it started."""
    not_stored: int
    """Slices that found no room on its disk, since it started."""
    behind: int
    """Commands that it has not confirmed yet."""


class Region(Answer, frozen=True, kw_only=True):
    """A region with its nodes."""

    name: str
    title: str
    continent: str
    latitude: float
    longitude: float
    nodes: list[Node]


class NodeChange(Request, frozen=True, kw_only=True):
    """`draining`: serves on, and nobody is sent there; `removed`: is a node no more."""

    state: Literal["ready", "draining", "removed"]


class NodeChanged(Answer, frozen=True, kw_only=True):
    """What the operator wants a node to be; it follows with its next heartbeat."""

    node_id: str
    state: Literal["ready", "draining", "removed"]


class JoinTokenRequest(Request, frozen=True, kw_only=True):
    region: RegionName
    minutes: Annotated[int, Meta(ge=1, le=10_080)] = 60
    """How long it can be used."""


class JoinToken(Answer, frozen=True, kw_only=True):
    """Lets one node join, once; it is shown this one time."""

    token: str
    region: str
    expires_at: datetime
    command: str
    """What to run where the node shall be."""


class PurgeRequest(Request, frozen=True, kw_only=True):
    """What every node shall forget."""

    kind: PurgeKind
    value: Annotated[str, Meta(max_length=8000)] = ""
    """An address, of a download or a site; a tag (`listing:…`, `organisation:…`, `artifact:…`,
    `site:<site id>`, `tag:<site id>:<surrogate key>`); a prefix such as `/seller/work/` or
    `/s/<site id>/images/`; nothing for `all`."""


class PurgeAtNode(Answer, frozen=True, kw_only=True):
    node_id: str
    region: str
    confirmed: bool
    """A node that has not confirmed does so before it serves again, or is down."""
    took_ms: int


class Purge(Answer, frozen=True, kw_only=True):
    """A purge, with what each node said to it."""

    number: int
    confirmed: bool
    """By every node that is up."""
    nodes: list[PurgeAtNode]


class CdnConfiguration(Answer, frozen=True, kw_only=True):
    redirects: bool
    default_region: str
    shield_region: str


class CdnConfigurationChange(Request, frozen=True, kw_only=True):
    redirects: bool
    """Whether downloads are sent to nodes at all."""
    default_region: Annotated[str, Meta(max_length=16)] = ""
    """Where a client is taken to be when its address tells nothing; nowhere when empty."""
    shield_region: Annotated[str, Meta(max_length=16)] = ""
    """Nodes of other regions fetch through this one's; straight from home when empty."""


class ResidencyRequest(Request, frozen=True, kw_only=True):
    """Where bytes may lie. An empty list lifts the rule."""

    organisation_id: Id
    listing_id: Id | None = None
    """The rule for one work, which counts before that of its seller."""
    regions: Annotated[list[RegionName], Meta(max_length=32)]


class Residency(Answer, frozen=True, kw_only=True):
    organisation_id: str
    listing_id: str | None
    regions: list[str]


class ResidencyRules(Answer, frozen=True, kw_only=True):
    items: list[Residency]


class NodeTraffic(Answer, frozen=True, kw_only=True):
    """What one node served."""

    node_id: str
    region: str
    requests: int
    errors: int
    bytes_sent: int
    hit_ratio: float | None
    """Of the bytes; null without any."""
    p50_ms: int | None
    """Half of the answers began within this; an upper bound, since counts are kept in steps."""
    p95_ms: int | None


class CdnTraffic(Answer, frozen=True, kw_only=True):
    """What was served in a time, node by node."""

    since: datetime
    requests: int
    errors: int
    bytes_sent: int
    hit_ratio: float | None
    nodes: list[NodeTraffic]


class Regions(Answer, frozen=True, kw_only=True):
    items: list[Region]
