"""From an announced fact to an answer: outbox, kept documents, index, service, on PostgreSQL."""

import asyncio
import shutil

import msgspec
import pytest
from litestar.testing import AsyncTestClient

from souk.discovery.search import store
from souk.discovery.search.api import Filters, SearchQuestion, Sort
from souk.discovery.search.engine.layout import current_generation
from souk.discovery.search.errors import SearchNotReady
from souk.discovery.search.indexer import Indexer
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.waiting import waited
from souk.kernel.errors import Invalid
from tests.discovery.search.worker import Market, running, until

pytestmark = pytest.mark.database

_WAITING = """
    SELECT EXISTS (
        SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()
    )
"""


@pytest.mark.alone
async def test_what_is_published_is_found_within_a_second_and_what_is_retired_is_not(
    market: Market,
) -> None:
    shelf = market.shelf
    async with market.worker():
        async with market.database.transaction(SYSTEM) as uow:
            first = shelf.put(uow, "Handwritten digit recogniser", tags=["vision"])

        async def found() -> bool:
            return await market.titles("digit") == ["Handwritten digit recogniser"]

        await until(found, within_s=60)

        async def found_by_meaning() -> bool:
            return await market.titles("reads numbers on paper") == ["Handwritten digit recogniser"]

        await until(found_by_meaning, within_s=60)

        async with market.database.transaction(SYSTEM) as uow:
            shelf.edit(uow, first, title="Postal code reader")

        async def renamed() -> bool:
            return await market.titles("postal") == ["Postal code reader"]

        await until(renamed, within_s=60)
        assert "Handwritten digit recogniser" not in await market.titles("digit")

        async with market.database.transaction(SYSTEM) as uow:
            shelf.retire(uow, first)

        async def gone() -> bool:
            return await market.titles() == []

        await until(gone, within_s=60)


async def test_drafts_and_undone_transactions_are_never_found(market: Market) -> None:
    async with market.worker():
        with pytest.raises(RuntimeError):
            async with market.database.transaction(SYSTEM) as uow:
                market.shelf.listings.clear()
                hidden = market.shelf.put(uow, "Undone")
                raise RuntimeError
        market.shelf.listings.pop(hidden)
        async with market.database.transaction(SYSTEM) as uow:
            market.shelf.put(uow, "Still a draft", state="draft")
            market.shelf.put(uow, "Public")

        async def public() -> bool:
            return await market.titles() == ["Public"]

        await until(public, within_s=60)
        await market.feeding.check_all()
        await asyncio.sleep(0.2)
        assert await market.titles() == ["Public"]


@pytest.mark.alone
async def test_many_at_once_are_found_by_words_at_once_and_by_meaning_soon(
    market: Market,
) -> None:
    async with market.worker():
        async with market.database.transaction(SYSTEM) as uow:
            for number in range(60):
                market.shelf.put(uow, f"Dog pictures {number}", card="bulk")

        async def all_found() -> bool:
            answer = await market.service.search(SearchQuestion(text="bulk"))
            return answer.total == 60

        await until(all_found, within_s=60)

        async def all_near() -> bool:
            answer = await market.service.search(SearchQuestion(text="puppy photos", limit=100))
            return sum("meaning" in hit.matched for hit in answer.items) == 60

        await until(all_near, within_s=60)


async def test_a_lost_index_is_built_again_and_missed_changes_are_made_up(
    market: Market,
) -> None:
    shelf = market.shelf
    async with market.database.transaction(SYSTEM) as uow:
        kept = shelf.put(None, "Granite")
        lost = shelf.put(None, "Basalt")
        await market.feeding.refresh(uow, [kept, lost])
    async with market.worker():
        assert sorted(await market.titles()) == ["Basalt", "Granite"]
    # While nobody owns the index: one goes, one changes, one comes.
    async with market.database.transaction(SYSTEM) as uow:
        shelf.listings.pop(lost)
        shelf.edit(uow, kept, title="Granite, polished")
        new = shelf.put(None, "Marble")
        await market.feeding.refresh(uow, [kept, lost, new])
    async with market.worker():
        assert sorted(await market.titles()) == ["Granite, polished", "Marble"]
    shutil.rmtree(market.root)
    with pytest.raises(SearchNotReady):
        await market.titles()
    async with market.worker():
        assert sorted(await market.titles()) == ["Granite, polished", "Marble"]


async def test_the_check_repairs_what_no_event_told(market: Market) -> None:
    shelf = market.shelf
    async with market.database.transaction(SYSTEM) as uow:
        ids = [shelf.put(None, f"Stone {number}") for number in range(5)]
        await market.feeding.refresh(uow, ids)
    shelf.listings.pop(ids[0])
    shelf.put(None, "Pebble")
    assert await market.feeding.check_all() == 2
    assert await market.feeding.check_all() == 0
    async with market.worker():
        assert sorted(await market.titles()) == ["Pebble", *(f"Stone {n}" for n in range(1, 5))]


async def test_what_is_retired_while_others_write_does_not_come_back(market: Market) -> None:
    shelf, database = market.shelf, market.database
    listing_id = shelf.put(None, "Granite")
    async with database.transaction(SYSTEM) as uow:
        await market.feeding.refresh(uow, [listing_id])

    async def refresh() -> None:
        async with database.transaction(SYSTEM) as uow:
            await market.feeding.refresh(uow, [listing_id])

    for late in (refresh, market.feeding.check_all):
        shelf.listings[listing_id] = msgspec.structs.replace(
            shelf.listings[listing_id], state="published", title=f"Granite for {late.__name__}"
        )
        async with database.transaction(SYSTEM) as uow:
            await store.take_turn(uow)
            waiting = asyncio.ensure_future(late())

            async def waits() -> bool:
                async with database.transaction(SYSTEM) as looking:
                    return bool(await looking.value(_WAITING))

            await until(waits, within_s=60)
            shelf.retire(uow, listing_id)
            await market.feeding.refresh(uow, [listing_id])
        await waiting
        async with database.transaction(SYSTEM) as uow:
            assert await store.findable_ids(uow, after="", until=None) == []


async def test_documents_kept_by_another_version_are_written_anew(market: Market) -> None:
    async with market.database.transaction(SYSTEM) as uow:
        old = market.shelf.put(None, "Granite")
        await market.feeding.refresh(uow, [old])
        await uow.execute(
            "UPDATE discovery.search_documents SET body = substr(body, 2)"
            " WHERE listing_id = %(id)s",
            id=old,
        )
    async with market.worker():
        assert await market.titles() == []
        assert await market.feeding.check_all() == 1

        async def found() -> bool:
            return await market.titles() == ["Granite"]

        await until(found, within_s=60)


async def test_a_second_worker_waits_its_turn(market: Market) -> None:
    second = Indexer(database=market.database, root=market.root, embedder=market.embedder)
    async with running(second.run):
        assert await waited(second.ready, 20)
        first = Indexer(database=market.database, root=market.root, embedder=market.embedder)
        async with running(first.run):
            await asyncio.sleep(0.5)
            assert not first.ready.is_set()
    async with running(first.run):
        assert await waited(first.ready, 20)


async def test_pages_facets_and_their_mistakes(market: Market) -> None:
    shelf = market.shelf
    async with market.database.transaction(SYSTEM) as uow:
        ids = [
            shelf.put(None, f"Stone {n}", kind="dataset" if n % 3 else "model") for n in range(9)
        ]
        await market.feeding.refresh(uow, ids)
    async with market.worker():
        question = SearchQuestion(text="stone", filters=Filters(kinds=("dataset",)), limit=4)
        first = await market.service.search(question)
        assert first.total == 6
        kinds = next(facet for facet in first.facets if facet.name == "kind")
        assert {one.value: one.count for one in kinds.values} == {"dataset": 6, "model": 3}
        second = await market.service.search(
            SearchQuestion(
                text="stone",
                filters=question.filters,
                limit=4,
                cursor=first.next_cursor,
            )
        )
        shown = [hit.listing.id for hit in (*first.items, *second.items)]
        assert len(set(shown)) == 6
        assert second.next_cursor is None

        for mistake in (
            SearchQuestion(text="other", cursor=first.next_cursor),
            SearchQuestion(text="stone", sort=Sort.NEWEST, cursor=first.next_cursor),
            SearchQuestion(cursor="!!"),
            SearchQuestion(filters=Filters(currency="XXX")),
            SearchQuestion(filters=Filters(price_min_minor=2, price_max_minor=1)),
        ):
            with pytest.raises(Invalid):
                await market.service.search(mistake)


async def test_suggestions_name_addresses(market: Market) -> None:
    async with market.database.transaction(SYSTEM) as uow:
        await market.feeding.refresh(uow, [market.shelf.put(None, "Sentiment classifier")])
    async with market.worker():
        found = await market.service.suggest("sent")
        assert [(one.text, one.address is None) for one in found.items] == [
            ("sentiment", True),
            ("Sentiment classifier", False),
        ]


async def test_only_the_system_sees_the_kept_documents(market: Market, database: Database) -> None:
    from souk.infra.postgres.scope import PUBLIC, Scope

    async with database.transaction(SYSTEM) as uow:
        await market.feeding.refresh(uow, [market.shelf.put(None, "Granite")])
    for scope in (PUBLIC, Scope(organisation_ids=("org_other",))):
        async with database.transaction(scope) as uow:
            assert await store.findable_ids(uow, after="", until=None) == []


async def test_the_routes_read_every_parameter_and_explain_mistakes(market: Market) -> None:
    async with market.database.transaction(SYSTEM) as uow:
        ids = [
            market.shelf.put(None, "Granite slab", tags=["Stone", "hard"], licence="MIT"),
            market.shelf.put(None, "Granite tile", kind="dataset", tags=["stone"]),
        ]
        await market.feeding.refresh(uow, ids)
    async with market.worker(), AsyncTestClient(market.app()) as client:
        found = (await client.get("/search", params={"q": "granit", "tag": "stone"})).json()
        assert (found["total"], found["did_you_mean"]) == (2, None)
        assert set(found["items"][0]["listing"]) >= {"id", "address", "title", "price_minor"}
        asked = {
            "q": "granite",
            "kind": ["model", "api"],
            "tag": ["stone", "hard"],
            "licence": "MIT",
            "owner": "acme",
            "sort": "downloads",
            "limit": 1,
        }
        found = (await client.get("/search", params=asked)).json()
        assert [hit["listing"]["title"] for hit in found["items"]] == ["Granite slab"]
        assert (await client.get("/search", params={"price_max_minor": 5})).json()["total"] == 0
        suggested = (await client.get("/search/suggest", params={"q": "gran"})).json()
        assert suggested["items"][0]["text"] == "granite"
        for wrong in (
            {"limit": 0},
            {"limit": 101},
            {"kind": "castle"},
            {"sort": "random"},
            {"price_max_minor": -1},
            {"q": "x" * 1_001},
            {"cursor": "zzz"},
            {"currency": "usd"},
        ):
            refused = await client.get("/search", params=wrong)
            assert refused.status_code in (400, 422), wrong
            assert refused.json()["code"], wrong


async def test_an_index_full_of_outdated_vectors_is_made_anew_beside_its_use(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("souk.discovery.search.engine.writer._SPARE_ROWS", 10)
    monkeypatch.setattr("souk.discovery.search.indexer._UPKEEP_EVERY", 5)
    shelf = market.shelf
    async with market.worker():
        async with market.database.transaction(SYSTEM) as uow:
            listing_id = shelf.put(uow, "Granite 0")
        before = current_generation(market.root).path
        for number in range(1, 30):
            async with market.database.transaction(SYSTEM) as uow:
                shelf.edit(uow, listing_id, title=f"Granite {number}")

            async def shown(title: str = f"Granite {number}") -> bool:
                return await market.titles("granite") == [title]

            await until(shown, within_s=60)

        async def renewed() -> bool:
            return current_generation(market.root).path != before

        await until(renewed, within_s=60)
        assert await market.titles("granite") == ["Granite 29"]


async def test_a_worker_stops_at_once_while_the_index_is_being_built(market: Market) -> None:
    async with market.database.transaction(SYSTEM) as uow:
        ids = [market.shelf.put(None, f"Granite {number}") for number in range(30)]
        await market.feeding.refresh(uow, ids)
    for wait_s in (0.0, 0.05, 0.15, 0.3):
        indexer = Indexer(database=market.database, root=market.root, embedder=market.embedder)
        async with asyncio.timeout(10):
            async with running(indexer.run):
                await asyncio.sleep(wait_s)
        shutil.rmtree(market.root, ignore_errors=True)
