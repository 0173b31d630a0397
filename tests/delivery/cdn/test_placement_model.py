"""Placement by rule: within every budget, in the right region, what is wanted most first."""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from souk.delivery.cdn.placement_model import (
    MAX_COPIES,
    Asked,
    Holder,
    ReplicaFacts,
    Wanted,
    follow_demand,
    plan,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REGIONS = ["eu-west", "na-east", "ap-south"]
FILES = [letter * 64 for letter in "abcdef"]


def wanted(**fields: object) -> Wanted:
    values: dict[str, object] = {
        "sha256": FILES[0],
        "size_bytes": 10,
        "root": "",
        "listing_id": "lst",
        "organisation_id": "org",
        "address": "a/b",
        "filename": "f",
        "region": "eu-west",
        "copies": 1,
        "cause": "pin",
        "at": NOW,
    }
    return msgspec.convert({**values, **fields}, Wanted)


wishes = st.lists(
    st.builds(
        lambda sha256, size, region, copies, cause, age: wanted(
            sha256=sha256,
            size_bytes=size,
            region=region,
            copies=copies,
            cause=cause,
            at=NOW - timedelta(seconds=age),
        ),
        st.sampled_from(FILES),
        st.integers(0, 60),
        st.sampled_from(REGIONS),
        st.integers(1, 4),
        st.sampled_from(["pin", "demand", "prefetch"]),
        st.integers(0, 100),
    ),
    max_size=12,
)
nodes = st.lists(
    st.builds(
        lambda number, region, budget: Holder(
            node_id=f"nod_{number}", region=region, budget_bytes=budget
        ),
        st.integers(0, 8),
        st.sampled_from(REGIONS),
        st.integers(0, 100),
    ),
    max_size=8,
    unique_by=lambda holder: holder.node_id,
)


@given(wishes, nodes)
def test_nothing_goes_over_a_budget_or_out_of_its_region(
    asked: list[Wanted], holders: list[Holder]
) -> None:
    by_id = {holder.node_id: holder for holder in holders}
    found = plan(asked, holders)
    assert len({(one.node_id, one.wanted.sha256) for one in found}) == len(found)
    for holder in holders:
        held = sum(one.wanted.size_bytes for one in found if one.node_id == holder.node_id)
        assert held <= holder.budget_bytes
    for one in found:
        assert by_id[one.node_id].region == one.wanted.region


@given(wishes, wishes, nodes)
def test_what_is_wanted_less_never_takes_the_room_of_a_pin(
    pins: list[Wanted], others: list[Wanted], holders: list[Holder]
) -> None:
    first = [msgspec.structs.replace(one, cause="pin") for one in pins]
    rest = [msgspec.structs.replace(one, cause="prefetch") for one in others]
    alone = {(one.node_id, one.wanted.sha256) for one in plan(first, holders)}
    together = plan(first + rest, holders)
    assert alone == {
        (one.node_id, one.wanted.sha256) for one in together if one.wanted.cause == "pin"
    }


def test_copies_lie_on_as_many_nodes_as_there_are() -> None:
    holders = [Holder(node_id=f"n{n}", region="eu-west", budget_bytes=10) for n in range(3)]
    assert len(plan([wanted(copies=2)], holders)) == 2
    assert len(plan([wanted(copies=9)], holders)) == 3
    # A node without room is passed by for the next.
    full = msgspec.structs.replace(holders[0], budget_bytes=0)
    assert len(plan([wanted(copies=2)], [full, *holders[1:]])) == 2


def asked(requests: int) -> Asked:
    return Asked(
        region="eu-west",
        sha256=FILES[0],
        listing_id="lst",
        organisation_id="org",
        requests=requests,
    )


def follow(before: list[ReplicaFacts], requests: int, *, after_s: float = 0) -> list[ReplicaFacts]:
    return follow_demand(
        before,
        [asked(requests)] if requests else [],
        now=NOW + timedelta(seconds=after_s),
        threshold=100,
        cool_down_s=60,
    )


def test_copies_follow_demand_up_at_once_and_down_after_a_while() -> None:
    assert follow([], 99) == []
    one = follow([], 100)
    assert [replica.copies for replica in one] == [1]
    three = follow(one, 399, after_s=1)
    assert [replica.copies for replica in three] == [3]
    assert three[0].since == NOW
    # Half of what three stand for keeps three; below it they go only after the cool-down.
    assert follow(three, 150, after_s=2)[0].low_since is None
    low = follow(three, 149, after_s=3)
    assert low[0].copies == 3
    assert follow(low, 149, after_s=30)[0].copies == 3
    assert follow(low, 150, after_s=30)[0].low_since is None
    fewer = follow(low, 149, after_s=63)
    assert [replica.copies for replica in fewer] == [1]
    gone = follow(follow(fewer, 0, after_s=64), 0, after_s=200)
    assert gone == []


@given(st.lists(st.integers(0, 3000), max_size=20), st.integers(1, 200))
def test_a_steady_demand_comes_to_rest(steps: list[int], steady: int) -> None:
    replicas: list[ReplicaFacts] = []
    at = 0.0
    for requests in steps:
        replicas = follow(replicas, requests, after_s=(at := at + 40))
        assert all(1 <= one.copies <= MAX_COPIES for one in replicas)
    for _ in range(2 * MAX_COPIES):
        replicas = follow(replicas, steady, after_s=(at := at + 61))
    assert follow(replicas, steady, after_s=at + 61) == [
        msgspec.structs.replace(one, low_since=one.low_since) for one in replicas
    ]
    assert len(replicas) <= 1
