"""Sums equal what the facts add up to, whatever comes twice, late, or while they are added up."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.insight.analytics.rollup import RollUp
from souk.insight.analytics.store import NewFact
from souk.kernel.clock import FixedClock
from tests.insight.analytics.facts import COUNTED, Stall, expected_sums, kept_sums, write

FIRST = datetime(2026, 5, 18, 22, tzinfo=UTC)
specs = st.fixed_dictionaries(
    {
        "minutes": st.integers(0, 240),
        "kind": st.sampled_from(COUNTED),
        "listing": st.integers(0, 1),
        "visitor": st.sampled_from(["vis_1", "vis_2", "vis_3"]),
        "country": st.sampled_from(["unknown", "DE", "MA"]),
        "source": st.sampled_from(["direct", "search"]),
        "query": st.sampled_from(["", "roses"]),
        "currency": st.sampled_from(["USD", "EUR"]),
        "net_minor": st.integers(0, 5000),
    }
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.lists(specs, min_size=1, max_size=6)),
        st.tuples(st.just("repeat"), st.just([])),
        st.tuples(st.just("roll up"), st.just([])),
        st.tuples(st.just("rebuild"), st.just([])),
    ),
    max_size=8,
)


def made(stall: Stall, spec: dict[str, Any]) -> NewFact:
    """A fact of a drawn description."""
    given = dict(spec)
    at = FIRST + timedelta(minutes=given.pop("minutes"))
    given["listing_id"] = stall.listing_ids[given.pop("listing")]
    if given["kind"] not in ("order", "refund"):
        del given["currency"], given["net_minor"]
    else:
        given["gross_minor"] = given["net_minor"] * 2
    return stall.fact(at, **given)


async def roll_up(database: Database, rollup: RollUp) -> None:
    async with database.transaction(SYSTEM) as uow:
        await rollup.roll_up(uow)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(plan=steps)
async def test_sums_equal_what_the_facts_add_up_to(
    timed: Database, rollup: RollUp, plan: list[tuple[str, list[dict[str, Any]]]]
) -> None:
    stall = Stall()
    written: list[NewFact] = []
    for step, drawn in plan:
        if step == "write":
            fresh = [made(stall, spec) for spec in drawn]
            await write(timed, fresh)
            written += fresh
        elif step == "repeat":
            assert await write(timed, written) == 0
        elif step == "roll up":
            await roll_up(timed, rollup)
        else:
            async with timed.transaction(SYSTEM) as uow:
                await rollup.rebuild(uow)
    await roll_up(timed, rollup)
    await roll_up(timed, rollup)
    assert await kept_sums(timed, stall) == expected_sums(written)


async def test_nothing_is_missed_while_facts_are_written(timed: Database, rollup: RollUp) -> None:
    stall = Stall()
    batches = [
        [stall.fact(FIRST + timedelta(minutes=n), visitor=f"vis_{n}_{batch}") for n in range(5)]
        for batch in range(24)
    ]
    turns = [roll_up(timed, rollup) for _ in range(12)]
    await asyncio.gather(*(write(timed, batch) for batch in batches), *turns)
    await roll_up(timed, rollup)
    assert await kept_sums(timed, stall) == expected_sums(chain(*batches))


async def test_a_rebuild_mends_sums_that_were_tampered_with(
    timed: Database, rollup: RollUp
) -> None:
    stall = Stall()
    facts = [stall.fact(FIRST), stall.fact(FIRST + timedelta(hours=3), kind="order", net_minor=5)]
    await write(timed, facts)
    await roll_up(timed, rollup)
    async with timed.transaction(SYSTEM) as uow:
        await uow.execute("DELETE FROM analytics.revenue")
        await uow.execute(
            "INSERT INTO analytics.traffic "
            "SELECT listing_id, grain, starts_at - interval '1 hour', organisation_id, "
            "7, 7, 7, 7, 7, 7, 7, 7 FROM analytics.traffic "
            "WHERE organisation_id = %(id)s AND grain = 'hour'",
            id=stall.organisation_id,
        )
        await rollup.rebuild(uow)
    assert await kept_sums(timed, stall) == expected_sums(facts)


async def test_old_facts_go_and_their_sums_stay(
    timed: Database, rollup: RollUp, clock: FixedClock
) -> None:
    stall = Stall()
    old = [stall.fact(FIRST, source="search", query="roses"), stall.fact(FIRST, kind="download")]
    await write(timed, old)
    clock.advance(timedelta(days=30))
    new = stall.fact(clock.now(), query="tulips")
    await write(timed, [new])
    async with timed.transaction(SYSTEM) as uow:
        assert await rollup.forget_old(uow) >= 2
    late = stall.fact(FIRST, visitor="vis_9")
    assert await write(timed, [late, old[0]]) == 0
    async with timed.transaction(SYSTEM) as uow:
        await rollup.rebuild(uow)
    clock.advance(timedelta(days=-30))
    sums = expected_sums([*old, new])
    sums["origins"] = {row for row in sums["origins"] if "roses" not in row}
    assert await kept_sums(timed, stall) == sums
