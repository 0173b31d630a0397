"""What the CDN served, what that cost and saved, how available it was, and what it will need."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta

from souk_client.contracts.base import Answer, CurrencyCode, Request

Micros = Annotated[int, Meta(ge=0, le=10**12)]
AlertMetric = Literal[
    "error_ratio",
    "hit_ratio",
    "p95_ms",
    "load",
    "nodes_ready",
    "nodes_silent",
    "egress_bytes_per_s",
    "availability",
]
AlertState = Literal["pending", "raised", "cleared"]


class CdnPrice(Request, frozen=True, kw_only=True):
    """What a region costs. Prices are in millionths of the currency: $0.085 is 85,000."""

    region: Annotated[str, Meta(max_length=16)]
    """Empty for home: what the marketplace's own line costs."""
    egress_micros_per_gb: Annotated[int, Meta(ge=0, le=10**9)]
    """For 10⁹ bytes sent."""
    hour_micros: Micros = 0
    """For an hour of one node."""


class CdnPricesRequest(Request, frozen=True, kw_only=True):
    """Every price; a region that is left out costs nothing."""

    currency: CurrencyCode
    prices: Annotated[list[CdnPrice], Meta(max_length=64)]


class CdnPrices(Answer, frozen=True, kw_only=True):
    currency: str | None
    """Null before prices are set: then nothing has a cost."""
    prices: list[CdnPrice]


class Served(Answer, frozen=True, kw_only=True):
    """What was served, of one node, region or seller, or in all."""

    key: str
    """The node's, region's or organisation's; `all`."""
    region: str
    """Of a node or region; else empty."""
    requests: int
    errors: int
    error_ratio: float | None
    bytes_sent: int
    bytes_per_s: int
    """On average over the time."""
    hit_ratio: float | None
    p50_ms: int | None
    p95_ms: int | None
    p99_ms: int | None
    """Time to the first byte; upper bounds, since counts are kept in steps."""
    cost_micros: int | None
    """Bytes sent at their regions' prices, and for nodes, regions and all the hours they ran."""
    saving_micros: int | None
    """What home's own line would have cost for what came from the caches, less the cost."""


class ServedBucket(Answer, frozen=True, kw_only=True):
    """A minute, or an hour."""

    at: datetime
    requests: int
    errors: int
    bytes_sent: int
    hit_bytes: int


class CdnAnalytics(Answer, frozen=True, kw_only=True):
    """What was served from a moment until now."""

    since: datetime
    until: datetime
    bucket_s: int
    currency: str | None
    total: Served
    nodes: list[Served]
    regions: list[Served]
    sellers: list[Served]
    """The 50 with the most bytes; the organisation itself when one was asked for."""
    series: list[ServedBucket]
    """Every bucket with any traffic, in order."""


class NodeMinute(Answer, frozen=True, kw_only=True):
    """How a node was in a minute."""

    at: datetime
    load: float
    downloads: int
    probes: int
    probes_good: int


class NodeMetrics(Answer, frozen=True, kw_only=True):
    """One node: what it served and how it was."""

    node_id: str
    served: Served
    series: list[ServedBucket]
    minutes: list[NodeMinute]


class Availability(Answer, frozen=True, kw_only=True):
    """Of one node or region in one month."""

    kind: Literal["node", "region"]
    subject: str
    region: str
    expected_minutes: int
    good_minutes: int
    availability: float | None
    """Null without an expected minute."""
    met: bool | None


class AvailabilityReport(Answer, frozen=True, kw_only=True):
    """How available nodes and regions were in a month (UTC).

    A minute of a node is good when at least half of home's probes in it were answered and the node
    was heard; a minute of a region is good when one of its nodes was. Minutes in which the
    marketplace did not look (it was down itself), in which a node was being drained by an operator,
    or had said goodbye, are not expected of a node. Credits are not computed.
    """

    month: str
    target: float
    items: list[Availability]


class ForecastPoint(Answer, frozen=True, kw_only=True):
    """A day to come: its busiest hour."""

    day: date
    low: float
    middle: float
    high: float


class Forecast(Answer, frozen=True, kw_only=True):
    """What will be needed, from what was measured by the hour.

    `trend_and_day`: a straight line by least squares and a profile of the hours of the day, from
    three days of history on; `trend`: the line alone, from one day on; `none`: not enough yet. The
    interval holds 95 of 100 hours if what scatters now goes on scattering so.
    """

    region: str
    """Empty for all."""
    method: Literal["trend_and_day", "trend", "none"]
    hours: int
    """Of history."""
    bytes_per_hour: list[ForecastPoint]
    node_load: list[ForecastPoint]
    """Of all nodes together: 1 is one full node."""
    nodes_now: int
    target_load: float
    nodes_needed: int | None
    """At the highest point of the interval, at the target load."""
    full_on: date | None
    """The first day whose interval goes over what the nodes of now carry at the target load."""


class AlertRuleRequest(Request, frozen=True, kw_only=True):
    """Tells admins when a figure crosses a limit.

    `error_ratio`, `hit_ratio` (0 to 1), `p95_ms` and `egress_bytes_per_s` are of the last five
    minutes; `load` is the mean of the nodes that serve; `nodes_ready` and `nodes_silent` count
    nodes now; `availability` is that of today.
    """

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    metric: AlertMetric
    region: Annotated[str, Meta(max_length=16)] = ""
    """All regions together when empty."""
    above: bool = True
    """Whether it is told of when it goes above the threshold, else below."""
    threshold: Annotated[float, Meta(ge=0, le=1e15)]
    clear_at: Annotated[float, Meta(ge=0, le=1e15)] | None = None
    """Where it counts as over again: on the good side of the threshold; the threshold itself when
    left out."""
    for_s: Annotated[int, Meta(ge=0, le=86_400)] = 60
    """How long it has to last before anybody is told."""
    enabled: bool = True


class AlertRule(Answer, frozen=True, kw_only=True):
    id: str
    name: str
    metric: str
    region: str
    above: bool
    threshold: float
    clear_at: float
    for_s: int
    enabled: bool
    created_by: str
    created_at: datetime


class AlertRules(Answer, frozen=True, kw_only=True):
    items: list[AlertRule]


class CdnAlert(Answer, frozen=True, kw_only=True):
    """One time that a limit was crossed."""

    id: str
    rule_id: str
    name: str
    metric: str
    subject: str
    state: AlertState
    value: float
    """When it was last looked at; when it was cleared, the value that cleared it."""
    since: datetime
    raised_at: datetime | None
    cleared_at: datetime | None


class CdnAlerts(Answer, frozen=True, kw_only=True):
    items: list[CdnAlert]


class AlertWebhookRequest(Request, frozen=True, kw_only=True):
    """An address that every alert is posted to."""

    url: Annotated[str, Meta(max_length=2000, pattern=r"^https?://[^\s]+$")]


class AlertWebhook(Answer, frozen=True, kw_only=True):
    id: str
    url: str
    created_at: datetime
    last_at: datetime | None
    """When something was last sent there."""
    last_problem: str
    """Why that was not taken; empty when it was."""


class AlertWebhookMade(Answer, frozen=True, kw_only=True):
    webhook: AlertWebhook
    secret: str
    """`whsec_` and the key in base 64 (Standard Webhooks); shown this once."""


class AlertWebhooks(Answer, frozen=True, kw_only=True):
    items: list[AlertWebhook]
