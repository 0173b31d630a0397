"""When a figure counts as having crossed a limit, and when that is over. Pure."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

State = Literal["pending", "raised", "cleared"]


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """A limit with a gap behind it: what hovers about the threshold is told of once."""

    above: bool
    threshold: float
    clear_at: float
    for_s: float


class Open(msgspec.Struct, frozen=True, kw_only=True):
    """A crossing that is not over."""

    raised: bool
    since: datetime


def step(limit: Limit, before: Open | None, value: float | None, *, now: datetime) -> State | None:
    """What a crossing is after a look at the figure; None when there is none.

    Without a figure everything stays as it was: silence neither raises nor clears.
    """
    if value is None:
        return None if before is None else ("raised" if before.raised else "pending")
    if before is not None and before.raised:
        return "cleared" if _is_over(limit, value) else "raised"
    if not _is_crossed(limit, value):
        return None
    since = now if before is None else before.since
    return "raised" if now - since >= timedelta(seconds=limit.for_s) else "pending"


def is_sound(limit: Limit) -> bool:
    """Whether the point where it is over lies on the good side of the threshold."""
    return limit.clear_at <= limit.threshold if limit.above else limit.clear_at >= limit.threshold


def _is_crossed(limit: Limit, value: float) -> bool:
    return value > limit.threshold if limit.above else value < limit.threshold


def _is_over(limit: Limit, value: float) -> bool:
    return value <= limit.clear_at if limit.above else value >= limit.clear_at
