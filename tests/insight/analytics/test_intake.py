"""Taking facts in: what is counted, what is not, and what is left of a visitor."""

from datetime import timedelta

import pytest

from souk.infra.http.visits import Visit
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.insight.analytics import store
from souk.insight.analytics.api import Fact, FavouriteAdded, ListingViewed, Searched
from souk.insight.analytics.intake import Intake
from souk.insight.analytics.rollup import RollUp
from souk.insight.analytics.service import AnalyticsService
from souk.insight.analytics.settings import AnalyticsSettings
from souk.insight.analytics.shelf import Shelf
from souk.insight.analytics.store import KnownListing
from souk.insight.analytics.trends import Trends
from souk.kernel.actor import Actor
from souk.kernel.clock import FixedClock
from souk.kernel.ids import OrganisationId, UserId, new_id
from souk.works.listings.service import ListingService

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PROXY = "10.0.0.1"


class Door:
    """The service over an intake of its own, and a listing to look at."""

    def __init__(self, database: Database, clock: FixedClock, **settings: object) -> None:
        chosen = AnalyticsSettings(country_header="CF-IPCountry", **settings)  # type: ignore[arg-type]  # one setting each
        self.database = database
        self.listing_id = new_id("lst", clock.now())
        self.seller = new_id("org", clock.now())
        # Every listing of these tests is known before: the listings themselves are never asked.
        shelf = Shelf(ListingService.__new__(ListingService))
        self.intake = Intake(database=database, shelf=shelf, clock=clock, settings=chosen)
        self.service = AnalyticsService(
            intake=self.intake,
            trends=Trends(chosen),
            clock=clock,
            settings=chosen,
            trusted_proxies=[PROXY],
        )

    async def open(self) -> "Door":
        known = KnownListing(
            listing_id=self.listing_id,
            organisation_id=self.seller,
            kind="model",
            category="",
            published=True,
        )
        async with self.database.transaction(SYSTEM) as uow:
            await store.note_listings(uow, [known])
        return self

    def view(self, *, actor: Actor | None = None, peer: str = "192.0.2.1", **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        visit = Visit(actor=actor or Actor(), peer=peer, headers={"user-agent": FIREFOX, **named})
        self.service.record(ListingViewed(listing_id=self.listing_id, visit=visit))

    async def facts(self) -> list[dict[str, object]]:
        await self.intake.flush()
        async with self.database.transaction(SYSTEM) as uow:
            return await uow.dicts(
                "SELECT * FROM analytics.facts WHERE listing_id = %(id)s ORDER BY seq",
                id=self.listing_id,
            )


def member(organisation_id: str) -> Actor:
    return Actor(user_id=UserId("usr_1"), memberships={OrganisationId(organisation_id): "member"})


async def test_visitors_are_told_apart_without_being_known(
    timed: Database, clock: FixedClock
) -> None:
    door = await Door(timed, clock).open()
    door.view()
    door.view()
    door.view(peer="192.0.2.2")
    door.view(actor=member("org_other"))
    facts = await door.facts()
    assert len({fact["visitor"] for fact in facts}) == 3
    assert [fact["user_id"] for fact in facts] == [None, None, None, "usr_1"]
    everything = repr(facts)
    assert "192.0.2" not in everything
    assert "Firefox" not in everything


async def test_who_should_not_be_counted_is_not(timed: Database, clock: FixedClock) -> None:
    door = await Door(timed, clock).open()
    door.view(dnt="1")
    door.view(sec_gpc="1")
    door.view(hx_request="true")
    door.view(user_agent="Googlebot/2.1")
    door.view(actor=member(door.seller))
    door.service.record(ListingViewed(listing_id="lst_nonsense", visit=Visit()))
    assert await door.facts() == []


async def test_the_country_is_believed_from_our_own_proxy_only(
    timed: Database, clock: FixedClock
) -> None:
    door = await Door(timed, clock).open()
    door.view(cf_ipcountry="MA", x_forwarded_for="198.51.100.7", peer=PROXY)
    door.view(cf_ipcountry="MA", peer="198.51.100.7")
    facts = await door.facts()
    assert [fact["country"] for fact in facts] == ["MA", "unknown"]
    assert facts[0]["visitor"] == facts[1]["visitor"]


async def test_a_full_queue_drops_and_never_waits(timed: Database, clock: FixedClock) -> None:
    door = await Door(timed, clock, queue_length=100).open()
    for _ in range(250):
        door.view()
    assert len(await door.facts()) == 100


async def test_a_batch_that_fails_is_written_once_later(
    timed: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = await Door(timed, clock).open()
    door.view()
    with monkeypatch.context() as broken:
        broken.setattr(store, "add_searches", None)
        with pytest.raises(TypeError):
            await door.intake.flush()
    door.view(peer="192.0.2.2")
    assert len(await door.facts()) == 2
    assert len(await door.facts()) == 2


async def test_a_write_that_fails_leaves_processes_of_one_mind_about_the_salt(
    timed: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.advance(timedelta(days=-7))
    try:
        one, other = await Door(timed, clock).open(), await Door(timed, clock).open()
        one.view()
        with monkeypatch.context() as broken:
            broken.setattr(store, "add_facts", None)
            with pytest.raises(TypeError):
                await one.intake.flush()
        other.view()
        (first,), (second,) = await other.facts(), await one.facts()
        assert first["visitor"] == second["visitor"]
    finally:
        clock.advance(timedelta(days=7))


async def test_a_salt_does_not_outlive_its_day(
    timed: Database, clock: FixedClock, rollup: RollUp
) -> None:
    door = await Door(timed, clock).open()
    door.view()
    (first,) = await door.facts()
    clock.advance(timedelta(days=1))
    try:
        async with timed.transaction(SYSTEM) as uow:
            await rollup.forget_old(uow)
            assert await uow.value("SELECT count(*) FROM analytics.salts") == 0
        door.view()
        _, second = await door.facts()
        assert first["visitor"] != second["visitor"]
    finally:
        clock.advance(timedelta(days=-1))


async def test_a_recommender_reads_on_and_a_user_can_be_forgotten(
    timed: Database, clock: FixedClock
) -> None:
    door = await Door(timed, clock).open()
    door.view(actor=member("org_other"))
    visit = Visit(actor=member("org_other"), headers={"user-agent": FIREFOX})
    door.service.record(FavouriteAdded(listing_id=door.listing_id, visit=visit))
    await door.intake.flush()

    async def read(after: str | None) -> list[tuple[str, str, float]]:
        async with timed.transaction(SYSTEM) as uow:
            found = await door.service.interactions(uow, after=after, limit=1000)
        return [(i.kind, i.person, i.weight) for i in found if i.listing_id == door.listing_id]

    assert await read(None) == [("view", "usr_1", 1.0), ("favourite", "usr_1", 4.0)]
    async with timed.transaction(SYSTEM) as uow:
        last = (await door.service.interactions(uow, limit=1000))[-1].cursor
    door.view()
    await door.intake.flush()
    assert [kind for kind, _, _ in await read(last)] == ["view"]
    async with timed.transaction(SYSTEM) as uow:
        assert await door.service.forget_user(uow, "usr_1") >= 2
    assert all(person.startswith("vis_") for _, person, _ in await read(None))


async def test_searches_are_counted_by_their_words(timed: Database, clock: FixedClock) -> None:
    door = await Door(timed, clock).open()
    visit = Visit(headers={"user-agent": FIREFOX, "hx-request": "true"})
    found: list[Fact] = [
        Searched(query="Rare  Roses", result_count=0, visit=visit),
        Searched(query="rare roses", result_count=3, visit=visit),
    ]
    for fact in found:
        door.service.record(fact)
    await door.intake.flush()
    async with timed.transaction(SYSTEM) as uow:
        counts = await store.top_searches(uow, since=clock.now() - timedelta(days=1), limit=5)
    assert [(c.query, c.searches, c.visitors, c.without_result) for c in counts] == [
        ("rare roses", 2, 1, 1)
    ]
