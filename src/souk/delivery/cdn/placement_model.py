"""The rules of placement: which node shall hold what ahead of its users. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from souk.edge.placements import MAX_PLACED
from souk.edge.rendezvous import ranked

Cause = Literal["pin", "demand", "prefetch"]
_ORDER: Final[Mapping[str, int]] = {"pin": 0, "demand": 1, "prefetch": 2}
MAX_COPIES: Final = 16
LOW_SHARE: Final = 0.5
"""A replica counts as no longer wanted below this share of what made it: between the two nothing
changes, so that a figure near the limit does not move files to and fro."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A file that shall lie in a region."""

    sha256: str
    size_bytes: int
    root: str
    listing_id: str
    organisation_id: str
    address: str
    filename: str
    region: str
    copies: int
    cause: Cause
    rule_id: str = ""
    at: datetime
    """Since when: what was wanted earlier has its room first."""


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """A node that may hold things."""

    node_id: str
    region: str
    budget_bytes: int


class Placed(msgspec.Struct, frozen=True):
    """A decision."""

    node_id: str
    wanted: Wanted


def plan(wanted: Sequence[Wanted], holders: Collection[Holder]) -> list[Placed]:
    """Who holds what: by cause and age, on the nodes that routing would ask first for the file.

    Nothing goes over a node's budget or out of its region. What is wanted less never takes the
    room of what is wanted more: pins come before demand, demand before prefetching.
    """
    left = {holder.node_id: holder.budget_bytes for holder in holders}
    counts = dict.fromkeys(left, 0)
    by_region: dict[str, list[str]] = {}
    for holder in holders:
        by_region.setdefault(holder.region, []).append(holder.node_id)
    found: dict[tuple[str, str], Placed] = {}
    for one in sorted(wanted, key=_priority):
        copies = 0
        for node_id in ranked(one.sha256, by_region.get(one.region, [])):
            if copies == one.copies:
                break
            if (node_id, one.sha256) in found:
                copies += 1  # for a stronger reason
                continue
            if left[node_id] < one.size_bytes or counts[node_id] >= MAX_PLACED:
                continue
            left[node_id] -= one.size_bytes
            counts[node_id] += 1
            copies += 1
            found[node_id, one.sha256] = Placed(node_id, one)
    return list(found.values())


def _priority(one: Wanted) -> tuple[int, datetime, str, str]:
    return _ORDER[one.cause], one.at, one.sha256, one.region


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How often a file was asked for in a region in the time that is looked at."""

    region: str
    sha256: str
    listing_id: str
    organisation_id: str
    requests: int


class ReplicaFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A file that follows demand in a region."""

    region: str
    sha256: str
    listing_id: str
    organisation_id: str
    copies: int
    since: datetime
    low_since: datetime | None


def follow_demand(
    replicas: Collection[ReplicaFacts],
    asked: Collection[Asked],
    *,
    now: datetime,
    threshold: int,
    cool_down_s: float,
) -> list[ReplicaFacts]:
    """The replicas from now on.

    Each `threshold` requests make one copy. More copies are made at once; fewer only after demand
    has been below half of what the present number stands for, for the whole cool-down.
    """
    counts = {(one.region, one.sha256): one for one in asked}
    known = {(one.region, one.sha256): one for one in replicas}
    found = []
    for key in sorted(counts.keys() | known.keys()):
        count, before = counts.get(key), known.get(key)
        requests = count.requests if count is not None else 0
        wanted = min(MAX_COPIES, requests // threshold)
        if before is None:
            if count is not None and wanted:
                found.append(
                    ReplicaFacts(
                        region=count.region,
                        sha256=count.sha256,
                        listing_id=count.listing_id,
                        organisation_id=count.organisation_id,
                        copies=wanted,
                        since=now,
                        low_since=None,
                    )
                )
            continue
        after = _followed(
            before, requests=requests, wanted=wanted, now=now, limits=(threshold, cool_down_s)
        )
        if after is not None:
            found.append(after)
    return found


def _followed(
    before: ReplicaFacts,
    *,
    requests: int,
    wanted: int,
    now: datetime,
    limits: tuple[int, float],
) -> ReplicaFacts | None:
    threshold, cool_down_s = limits
    if wanted > before.copies:
        return msgspec.structs.replace(before, copies=wanted, low_since=None)
    if requests >= before.copies * threshold * LOW_SHARE:
        return msgspec.structs.replace(before, low_since=None)
    if before.low_since is None:
        return msgspec.structs.replace(before, low_since=now)
    if now - before.low_since < timedelta(seconds=cool_down_s):
        return before
    if wanted == 0 and before.copies == 1:
        return None
    return msgspec.structs.replace(before, copies=max(1, wanted), low_since=now)
