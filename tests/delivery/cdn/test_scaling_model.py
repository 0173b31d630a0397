"""Scaling by rule: within limits, as many as the load needs, and never to and fro."""

import math

from hypothesis import given
from hypothesis import strategies as st

from souk.delivery.cdn.scaling_model import Policy, RegionLoad, decide, needed

policies = st.builds(
    lambda minimum, more, target, cool_down_s: Policy(
        minimum=minimum, maximum=minimum + more, target_load=target, cool_down_s=cool_down_s
    ),
    st.integers(0, 5),
    st.integers(0, 10),
    st.floats(0.05, 1),
    st.floats(0, 600),
)
regions = st.builds(
    lambda loads, starting, ours, quiet_s: RegionLoad(
        loads=loads, starting=starting, ours=min(ours, len(loads) + starting), quiet_s=quiet_s
    ),
    st.lists(st.floats(0, 1), max_size=12),
    st.integers(0, 3),
    st.integers(0, 15),
    st.none() | st.floats(0, 1000),
)


@given(policies, regions)
def test_a_decision_keeps_to_the_limits_and_to_what_it_may_end(
    policy: Policy, region: RegionLoad
) -> None:
    found = decide(policy, region)
    if found is None:
        return
    assert found.wanted != region.present and found.reason
    if found.action == "out":
        assert region.present < found.wanted <= policy.maximum
    else:
        assert found.wanted < region.present
        assert region.present - found.wanted <= region.ours
        assert found.wanted >= min(policy.minimum, region.present)


@given(policies, regions)
def test_between_the_limits_nothing_changes_before_the_cool_down(
    policy: Policy, region: RegionLoad
) -> None:
    waiting = region.quiet_s is not None and region.quiet_s < policy.cool_down_s
    if waiting and policy.minimum <= region.present <= policy.maximum:
        assert decide(policy, region) is None


@given(policies, st.integers(0, 15), st.floats(0, 1))
def test_a_steady_load_comes_to_rest(policy: Policy, nodes: int, share: float) -> None:
    total = share * policy.maximum * policy.target_load
    seen = []
    for _ in range(60):
        loads = [min(1.0, total / nodes)] * nodes if nodes else []
        found = decide(policy, RegionLoad(loads=loads, starting=0, ours=nodes, quiet_s=None))
        if found is None:
            break
        seen.append(found.action)
        nodes = found.wanted
    else:
        raise AssertionError(f"it never rests: {seen}")
    assert policy.minimum <= nodes <= policy.maximum
    assert seen in (sorted(seen), sorted(seen, reverse=True)), "it went to and fro"


@given(policies, st.floats(0, 20))
def test_as_many_as_the_load_needs(policy: Policy, load: float) -> None:
    nodes = needed(policy, load)
    assert policy.minimum <= nodes <= policy.maximum
    if policy.minimum < nodes < policy.maximum:
        assert nodes * policy.target_load >= load - 1e-6
        assert nodes == math.ceil(load / policy.target_load - 1e-9)


def test_what_is_missing_from_the_minimum_is_not_waited_for() -> None:
    policy = Policy(minimum=2, maximum=4, target_load=0.5, cool_down_s=600)
    found = decide(policy, RegionLoad(loads=[0.1], starting=0, ours=1, quiet_s=1))
    assert found is not None and (found.action, found.wanted) == ("out", 2)
    full = RegionLoad(loads=[1, 1], starting=0, ours=2, quiet_s=1)
    assert decide(policy, full) is None
    assert decide(policy, RegionLoad(loads=[1, 1], starting=0, ours=2, quiet_s=601)) is not None
