"""The rules of routing: who is near, who may serve, and who is asked first. Pure."""

import math
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final

import msgspec

from souk.edge.protocol import LATENCY_MS, NodeState
from souk.edge.rendezvous import ranked

_EARTH_KM: Final = 6371.0
_KM_PER_MS: Final = 100.0
"""There and back, light in fibre covers about so much distance in a millisecond."""
_FULL_MS: Final = 80.0
"""A node that is full is taken to be so much slower than an idle one."""
_NEAR_MS: Final = 2.0
"""Nodes that differ by less are equals: the file decides between them."""


class NodeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A node as routing sees it."""

    id: str
    region: str
    url: str
    state: NodeState
    load: float
    latitude: float
    longitude: float


class Spot(msgspec.Struct, frozen=True):
    """A place on the globe, in degrees."""

    latitude: float
    longitude: float


class Choice(msgspec.Struct, frozen=True):
    """A node with its distance from the client, where that is known."""

    node: NodeFacts
    distance_km: float | None


def is_loopback(host: str | None) -> bool:
    """Whether a host is a machine's own name or address for itself: nobody else can reach it."""
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def state_of(
    *, wanted: str, reported: str, seen_at: datetime | None, now: datetime, silent_s: float
) -> NodeState:
    """What a node is at this moment."""
    if reported == "joining" or seen_at is None:
        return "joining"
    if reported == "down" or now - seen_at > timedelta(seconds=silent_s):
        return "down"
    return "draining" if "draining" in {wanted, reported} else "ready"


def distance_km(one: Spot, other: Spot) -> float:
    """The length of the great circle between two places."""
    lat1, lat2 = math.radians(one.latitude), math.radians(other.latitude)
    d_lat, d_lon = lat2 - lat1, math.radians(other.longitude - one.longitude)
    a = math.sin(d_lat / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(d_lon / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(a)))


def choose(
    nodes: Collection[NodeFacts],
    *,
    spot: Spot | None,
    regions: Collection[str] = (),
    thing: str = "",
) -> list[Choice]:
    """The nodes that may serve, the best first: by distance and load, then by what is asked for.

    Args:
        spot: where the client is; unknown, only load counts.
        regions: where the bytes may lie; anywhere when empty.
        thing: what is asked for: among equals it always falls to the same node.
    """
    able = [n for n in nodes if n.state == "ready" and (not regions or n.region in regions)]
    order = {node_id: at for at, node_id in enumerate(ranked(thing, [n.id for n in able]))}
    found = [
        Choice(n, None if spot is None else distance_km(spot, Spot(n.latitude, n.longitude)))
        for n in able
    ]
    return sorted(
        found, key=lambda choice: (round(_cost_ms(choice) / _NEAR_MS), order[choice.node.id])
    )


def _cost_ms(choice: Choice) -> float:
    return (choice.distance_km or 0.0) / _KM_PER_MS + choice.node.load**2 * _FULL_MS


def percentile_ms(latency: Sequence[int], share: float) -> int | None:
    """The bound below which this share of the answers began; None without any.

    Beyond the last bound it is the last bound itself.
    """
    total = sum(latency)
    if not total:
        return None
    seen = 0
    for count, bound in zip(latency, (*LATENCY_MS, LATENCY_MS[-1]), strict=True):
        seen += count
        if seen >= share * total:
            return bound
    return LATENCY_MS[-1]


def is_node_url(text: str) -> bool:
    """Whether a node's address is a plain origin: a scheme, a host, perhaps a port."""
    scheme, _, rest = text.partition("://")
    return scheme in {"http", "https"} and bool(rest) and not set(rest) & set("/?#@ \\")
