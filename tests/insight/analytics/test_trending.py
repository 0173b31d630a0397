"""Trending: what the formula says, that nobody can loop into it, and that the worker agrees."""

from datetime import timedelta
from math import isclose

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.insight.analytics import store
from souk.insight.analytics.model import WEIGHTS, Action, trending_score
from souk.insight.analytics.settings import AnalyticsSettings
from souk.insight.analytics.store import KnownListing
from souk.insight.analytics.trends import Trends
from souk.kernel.clock import FixedClock
from tests.insight.analytics.facts import Stall, write

kinds = st.sampled_from(sorted(WEIGHTS))
actions = st.builds(
    Action, st.sampled_from(["vis_1", "vis_2", "usr_3"]), kinds, st.floats(0, 24 * 14)
)


def score(found: list[Action]) -> float:
    return trending_score(found, half_life_hours=48)


@given(st.lists(actions), kinds, st.integers(1, 500), st.lists(st.floats(0, 300), max_size=20))
def test_a_loop_of_one_person_moves_no_more_than_one_action(
    others: list[Action], kind: str, repeats: int, ages: list[float]
) -> None:
    newest = Action("usr_loop", kind, 0.0)
    loop = [newest] * repeats + [Action("usr_loop", kind, age) for age in ages]
    assert isclose(score([*others, *loop]), score([*others, newest]))


@given(st.lists(actions), actions)
def test_an_action_never_lowers_a_score_and_age_never_raises_it(
    others: list[Action], action: Action
) -> None:
    older = Action(action.person, action.kind, action.age_hours * 2 + 1)
    assert score(others) <= score([*others, older]) + 1e-9
    assert score([*others, older]) <= score([*others, action]) + 1e-9


def test_an_action_counts_half_after_the_half_life() -> None:
    halves = [Action("usr_1", "view", 48.0), Action("usr_2", "view", 48.0)]
    assert isclose(score(halves), score([Action("usr_1", "view", 0.0)]))


async def test_the_worker_computes_the_formula(timed: Database, clock: FixedClock) -> None:
    stall, trends = Stall(), Trends(AnalyticsSettings())
    wanted, looped = stall.listing_ids
    facts = [
        stall.fact(clock.now() - timedelta(hours=age), kind=kind, visitor=visitor, user_id=user)
        for age, kind, visitor, user in (
            (1, "view", "vis_1", None),
            (30, "view", "vis_2", None),
            (2, "checkout", "vis_3", "usr_1"),
            (50, "checkout", "vis_4", "usr_1"),
            (3, "order", "org_buyer", "usr_1"),
            (9, "order", "org_buyer", "usr_2"),
            (400, "download", "org_buyer", None),
        )
    ]
    facts += [stall.fact(clock.now(), listing_id=looped) for _ in range(200)]
    undone = stall.fact(clock.now(), kind="order", listing_id=looped, visitor="org_2")
    facts += [
        undone,
        stall.fact(clock.now(), "refund", listing_id=looped, order_id=undone.order_id),
    ]
    await write(timed, facts)
    async with timed.transaction(SYSTEM) as uow:
        await store.note_listings(
            uow,
            [
                KnownListing(
                    listing_id=one,
                    organisation_id=stall.organisation_id,
                    kind="model",
                    category=f"shelf {one}",
                    published=True,
                )
                for one in stall.listing_ids
            ],
        )
        assert await trends.compute(uow) == 2
        scores = await trends.scores(uow, stall.listing_ids)
        listed = await trends.top(uow, kind="model", category=None, limit=10)
        assert [one.listing_id for one in listed] == [wanted, looped]
        (shelf,) = await trends.top(uow, kind=None, category=f"shelf {looped}", limit=10)
        assert shelf.listing_id == looped
        assert await trends.compute(uow) == 0
    expected = score(
        [
            Action("vis_1", "view", 1),
            Action("vis_2", "view", 30),
            Action("usr_1", "checkout", 2),
            Action("org_buyer", "order", 3),
        ]
    )
    assert scores == pytest.approx({wanted: expected, looped: score([Action("v", "view", 0)])})


async def test_a_listing_that_nobody_wants_any_more_is_announced_as_gone(
    timed: Database, clock: FixedClock
) -> None:
    stall, trends = Stall(), Trends(AnalyticsSettings(trending_window_days=1))
    await write(timed, [stall.fact(clock.now())])
    listing_id = stall.listing_ids[0]
    known = KnownListing(
        listing_id=listing_id, organisation_id="org_x", kind="api", category="x", published=True
    )
    async with timed.transaction(SYSTEM) as uow:
        await store.note_listings(uow, [known])
        await trends.compute(uow)
        assert listing_id in await trends.scores(uow, [listing_id])
        retired = msgspec.structs.replace(known, published=False)
        await store.note_listings(uow, [retired])
        assert await trends.compute(uow) == 1
        assert await trends.scores(uow, [listing_id]) == {}
