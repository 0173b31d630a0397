"""The rules of scaling: how many nodes a region needs, and when their number changes. Pure."""

import math
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

IN_SHARE: Final = 0.8
"""A node is let go only when the others stay below this share of the target load: the gap between
growing and shrinking keeps a load near the limit from starting and ending nodes to and fro."""
_SLACK: Final = 1e-9


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator wants of a region."""

    minimum: int
    maximum: int
    target_load: float
    cool_down_s: float


class RegionLoad(msgspec.Struct, frozen=True, kw_only=True):
    """A region at this moment."""

    loads: Sequence[float]
    """Of each node that serves, 0 to 1."""
    starting: int
    """Nodes that were ordered and do not serve yet."""
    ours: int
    """Of all these, those that the provider runs: only they can be let go."""
    quiet_s: float | None
    """How long ago the last decision was; None when there was none."""

    @property
    def present(self) -> int:
        return len(self.loads) + self.starting

    @property
    def load(self) -> float:
        return sum(self.loads)


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A change of the number of nodes."""

    action: Literal["out", "in"]
    wanted: int
    reason: str


def needed(policy: Policy, load: float) -> int:
    """Nodes for a load at the target, within minimum and maximum."""
    nodes = math.ceil(load / policy.target_load - _SLACK)
    return max(policy.minimum, min(policy.maximum, nodes))


def decide(policy: Policy, region: RegionLoad) -> Decision | None:
    """What to change now; None when nothing.

    Below the minimum, and above the maximum, it changes at once. Otherwise a decision is given its
    cool-down to have its effect. It grows by what is missing, and shrinks by one.
    """
    present = region.present
    if present < policy.minimum:
        return Decision(
            action="out",
            wanted=policy.minimum,
            reason=f"fewer than the minimum of {policy.minimum}",
        )
    if present > policy.maximum and region.ours:
        return Decision(
            action="in",
            wanted=max(policy.maximum, present - region.ours),
            reason=f"more than the maximum of {policy.maximum}",
        )
    if region.quiet_s is not None and region.quiet_s < policy.cool_down_s:
        return None
    wanted = needed(policy, region.load)
    if wanted > present:
        return Decision(
            action="out",
            wanted=wanted,
            reason=f"a load of {region.load:.2f} needs {wanted} nodes at {policy.target_load:.0%}",
        )
    fewer = present - 1
    if fewer < policy.minimum or not region.ours or region.starting:
        return None
    if region.load <= fewer * policy.target_load * IN_SHARE + _SLACK:
        return Decision(
            action="in",
            wanted=fewer,
            reason=f"a load of {region.load:.2f} leaves {fewer} below "
            f"{policy.target_load * IN_SHARE:.0%}",
        )
    return None
