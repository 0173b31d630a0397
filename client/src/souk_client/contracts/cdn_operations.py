"""Running the CDN: what lies where."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from souk_client.contracts.base import Answer, Id, Request, Sha256
from souk_client.contracts.cdn import JoinToken, RegionName

PlacementKind = Literal["pin", "prefetch", "publish"]


class PlacementRequest(Request, frozen=True, kw_only=True):
    """Puts a work near its users before they ask.

    `pin`: nodes fetch it ahead and keep it for as long as the rule is there; a new version takes
    the place of the one before. `prefetch`: fetched once, then the cache decides. `publish`: every
    version that is published from now on is fetched once.
    """

    kind: PlacementKind
    listing_id: Id | None = None
    """The work. Only `publish` may leave it out: all works of the organisation."""
    organisation_id: Id | None = None
    """Whose works, for `publish` without a listing; the caller's own when left out."""
    sha256: Sha256 | None = None
    """One file of its current version; all of them when left out."""
    regions: Annotated[list[RegionName], Meta(min_length=1, max_length=32)]
    copies: Annotated[int, Meta(ge=1, le=16)] = 1
    """On so many nodes of each region, where it has them."""


class PlacedAt(Answer, frozen=True, kw_only=True):
    """How far a node has come."""

    node_id: str
    region: str
    files: int
    size_bytes: int
    held_bytes: int
    complete: bool


class Placement(Answer, frozen=True, kw_only=True):
    """A rule, and what has come of it."""

    id: str
    organisation_id: str
    listing_id: str | None
    kind: PlacementKind
    sha256: str | None
    regions: list[str]
    copies: int
    size_bytes: int
    """Of the files it is about, once they were looked up."""
    created_at: datetime
    ends_at: datetime | None
    """When a prefetch is given up; it ends once every node has all of it."""
    nodes: list[PlacedAt]
    """Empty while nothing was decided: no node in these regions, no room there, not published, or
    the file is still being hashed for nodes."""


class Placements(Answer, frozen=True, kw_only=True):
    items: list[Placement]


class Replica(Answer, frozen=True, kw_only=True):
    """A file that is kept in a region because it is asked for there."""

    region: str
    sha256: str
    listing_id: str
    organisation_id: str
    copies: int
    since: datetime
    requests: int
    """In the time that is looked at."""


class Replicas(Answer, frozen=True, kw_only=True):
    items: list[Replica]
    threshold: int
    """So many requests of one region within `window_s` make one copy."""
    window_s: int
    cool_down_s: int


class ScalingPolicyRequest(Request, frozen=True, kw_only=True):
    """How many nodes a region shall have."""

    enabled: bool = True
    """Without it nothing is started or ended; what runs goes on."""
    provider: Annotated[str, Meta(max_length=40)] = "local"
    minimum: Annotated[int, Meta(ge=0, le=64)] = 1
    maximum: Annotated[int, Meta(ge=0, le=64)] = 3
    target_load: Annotated[float, Meta(ge=0.01, le=1)] = 0.6
    """The share of its downloads that a node shall have under way at most."""
    cool_down_s: Annotated[int, Meta(ge=0, le=86_400)] = 300
    """Between two changes; what is missing from the minimum is not waited for."""
    drain_s: Annotated[int, Meta(ge=0, le=86_400)] = 300
    """How long downloads under way may last on a node that is let go."""


class Instance(Answer, frozen=True, kw_only=True):
    """A node that a provider runs for the marketplace."""

    id: str
    region: str
    provider: str
    state: Literal["wanted", "running", "draining", "ended"]
    url: str
    reason: str
    problem: str
    created_at: datetime
    state_since: datetime
    drain_until: datetime | None


class Instances(Answer, frozen=True, kw_only=True):
    items: list[Instance]


class ScalingPolicy(Answer, frozen=True, kw_only=True):
    """A policy, and how the region is."""

    region: str
    enabled: bool
    provider: str
    minimum: int
    maximum: int
    target_load: float
    cool_down_s: int
    drain_s: int
    changed_at: datetime
    nodes: int
    """That serve, or are being started."""
    load: float
    """Of all of them together; 1 is one full node."""
    needed: int
    """Nodes for that load at the target, within minimum and maximum."""
    instances: list[Instance]


class ScalingPolicies(Answer, frozen=True, kw_only=True):
    items: list[ScalingPolicy]
    providers: list[str]
    """Those that can be used here."""


class ScalingDecision(Answer, frozen=True, kw_only=True):
    """What was decided, when, and why."""

    id: str
    at: datetime
    region: str
    action: Literal["out", "in", "replace"]
    nodes: int
    wanted: int
    load: float
    reason: str


class ScalingDecisions(Answer, frozen=True, kw_only=True):
    items: list[ScalingDecision]


class NodeOrderRequest(Request, frozen=True, kw_only=True):
    """A new node: `token` gives a join token for a machine of your own, other providers run it."""

    region: RegionName
    provider: Annotated[str, Meta(max_length=40)] = "token"


class NodeOrder(Answer, frozen=True, kw_only=True):
    """A node on its way."""

    region: str
    provider: str
    join: JoinToken | None = None
    instance: Instance | None = None
