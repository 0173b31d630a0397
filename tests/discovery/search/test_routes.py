"""Search over HTTP: filters in the query, signals, suggestions, and every kind of bad input."""

import httpx
import pytest
from litestar.testing import AsyncTestClient

from souk.discovery.search.api import SearchQuestion
from souk.discovery.search.signals import Signals
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.paging import decode_cursor, encode_cursor
from souk_client.contracts.works import Compatibility, Metric
from tests.discovery.search.worker import Market, until

pytestmark = pytest.mark.database


async def stocked(market: Market) -> list[str]:
    """Three listings that differ in everything that can be asked for."""
    shelf = market.shelf
    ids = [
        shelf.put(
            None,
            "Digit reader",
            licence="MIT",
            task="classification",
            tags=["vision"],
            metrics=[
                Metric(name="Top-1 accuracy", value=97.5, unit="%"),
                Metric(name="latency_ms", value=4.2),
            ],
            compatibility=Compatibility(
                frameworks=["ONNX"], runtimes=["onnxruntime>=1.13"], hardware=["GPU"],
                min_memory_gb=8,
            ),
            regions=["eu"],
        ),
        shelf.put(None, "Digit pictures", kind="dataset", licence="Apache-2.0"),
        shelf.put(
            None,
            "Digit speaker",
            licence="MIT",
            metrics=[Metric(name="accuracy", value=0.8), Metric(name="latency", value=2, unit="s")],
            compatibility=Compatibility(min_memory_gb=32),
        ),
    ]  # fmt: skip
    shelf.known[ids[0]] = Signals(rating=4.25, rating_count=9, trending=1.5, favourites=3)
    shelf.known[ids[2]] = Signals(rating=4.75, rating_count=2, trending=9.5)
    async with market.database.transaction(SYSTEM) as uow:
        await market.feeding.refresh(uow, ids)
    return ids


async def test_filters_in_the_query_and_beside_it_find_the_same(market: Market) -> None:
    await stocked(market)
    async with market.worker(), AsyncTestClient(market.app()) as client:

        async def titles(**params: object) -> list[str]:
            answer = await client.get("/search", params=params)
            assert answer.status_code == 200, answer.text
            return [hit["listing"]["title"] for hit in answer.json()["items"]]

        reader, pictures, speaker = "Digit reader", "Digit pictures", "Digit speaker"
        for params, expected in (
            ({"q": "digit kind:dataset"}, [pictures]),
            ({"q": "digit", "kind": "dataset"}, [pictures]),
            ({"q": "license:mit task:Classification"}, [reader]),
            ({"q": "accuracy:>0.9"}, [reader]),
            ({"accuracy_min": 0.9}, [reader]),
            ({"q": "latency:>=1s"}, [speaker]),
            ({"latency_max_ms": 5}, [reader]),
            ({"q": "framework:onnxruntime hardware:gpu"}, [reader]),
            ({"q": "min_memory_gb=16"}, [reader]),
            ({"memory_gb": 16}, [reader]),
            ({"q": "rating:>=4.5"}, [speaker]),
            ({"rating_min": 4.5}, [speaker]),
            ({"q": "-kind:dataset", "sort": "rating"}, [speaker, reader]),
            ({"q": "digit", "sort": "trending"}, [speaker, reader, pictures]),
            ({"q": "region:as -kind:model"}, [pictures]),
            ({"q": "region:as -kind:dataset"}, [speaker]),
            ({"region": "eu", "kind": "model", "sort": "newest"}, [speaker, reader]),
            ({"q": "kind:model", "kind": "dataset", "sort": "newest"}, [speaker, pictures, reader]),
        ):
            assert await titles(**params) == expected, params


async def test_an_answer_says_what_it_understood(market: Market) -> None:
    await stocked(market)
    async with market.worker(), AsyncTestClient(market.app()) as client:
        params = {"q": "readr kind:model accuracy:>=90%"}
        answer = (await client.get("/search", params=params)).json()
        assert answer["text"] == "readr"
        assert [one.result_count for one in market.facts] == [answer["total"]]
        assert answer["did_you_mean"] == "reader kind:model accuracy:>=90%"
        assert answer["parsed"][1] == {
            "field": "accuracy",
            "op": ">=",
            "value": "90%",
            "negated": False,
            "start": 17,
            "end": 31,
        }
        [hit] = answer["items"]
        assert hit["rating"] == 4.25
        assert (hit["rating_count"], hit["favourites"]) == (9, 3)
        assert hit["accuracy"] == 0.975
        assert hit["latency_ms"] == pytest.approx(4.2)
        facets = {facet["name"]: facet for facet in answer["facets"]}
        assert [one["value"] for one in facets["region"]["values"]] == ["eu"]
        assert facets["latency"]["unit"] == "ms"
        assert facets["latency"]["values"][0] == {
            "value": "10",
            "count": 1,
            "low": None,
            "high": 10.0,
        }


async def test_what_is_rated_is_indexed_again_and_not_embedded_again(market: Market) -> None:
    ids = await stocked(market)
    async with market.worker():
        while await market.feeding.embed_waiting():
            pass
        market.shelf.known[ids[1]] = Signals(rating=5.0, rating_count=1)
        async with market.database.transaction(SYSTEM) as uow:
            market.shelf.rate(uow, ids[1])

        async def first() -> bool:
            return (await market.titles("digit", sort="rating"))[0] == "Digit pictures"

        await until(first, within_s=60)
        assert not await market.feeding.embed_waiting()
        answer = await market.service.search(SearchQuestion(text="number photographs"))
        assert any("meaning" in hit.matched for hit in answer.items)


async def test_suggestions_complete_filters(market: Market) -> None:
    await stocked(market)
    async with market.worker(), AsyncTestClient(market.app()) as client:

        async def suggested(q: str) -> list[dict[str, object]]:
            return (await client.get("/search/suggest", params={"q": q})).json()["items"]

        [kind] = await suggested("digit kind:da")
        assert (kind["text"], kind["about"]) == ("digit kind:dataset", "value")
        assert (kind["label"], kind["count"]) == ("dataset", 1)
        assert [one["text"] for one in await suggested("license:")] == [
            "licence:MIT",
            "licence:Apache-2.0",
        ]
        assert (await suggested("kind:model,dat"))[0]["text"] == "kind:model,dataset"
        assert (await suggested("task:clasif"))[0]["text"] == "task:classification"
        assert (await suggested("taks:cl"))[0]["text"] == "task:cl"
        assert (await suggested("lat"))[0]["text"] == "latency:"
        assert (await suggested("price:<"))[0]["text"] == "price:<10"
        texts = [one["text"] for one in await suggested("kind:model raeder")]
        assert "kind:model reader" in texts
        assert [one["text"] for one in await suggested("dgi")] == []
        assert (await suggested("speakr"))[0]["text"] == "speaker"
        assert (await suggested("clasi"))[0]["text"] == "classification"


async def test_pages_by_relevance_end_and_say_so(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("souk.discovery.search.engine.searching.DEEPEST", 4)
    async with market.database.transaction(SYSTEM) as uow:
        ids = [market.shelf.put(None, f"Stone {number}") for number in range(6)]
        await market.feeding.refresh(uow, ids)
    async with market.worker(), AsyncTestClient(market.app()) as client:
        params: dict[str, object] = {"q": "stone", "limit": 3}
        first = (await client.get("/search", params=params)).json()
        params["cursor"] = first["next_cursor"]
        last = (await client.get("/search", params=params)).json()
        assert (first["total"], first["ends_after"]) == (6, 4)
        assert last["next_cursor"] is None
        mark, seq, _ = decode_cursor(first["next_cursor"], size=3) or (0, 0, 0)
        params["cursor"] = encode_cursor([mark, seq, 10**12])
        problem = refused(await client.get("/search", params=params), 422)
        assert problem["code"] == "page_too_deep"
        newest = (await client.get("/search", params={"q": "stone", "sort": "newest"})).json()
        assert newest["ends_after"] is None


BAD_QUERIES = [
    "kind:castle",
    "taks:classification",
    "price:<cheap",
    "price:20..5",
    "price:>999999999999999999",
    "rating:>9000",
    "accuracy:>nan",
    "latency:<inf",
    "latency:<-inf",
    "size:<1e400",
    "kind:",
    'tag:"open',
    "kind:model\u0000",
    "x" * 10_000,
    "tag:a " * 100,
    "-price:<10",
    "published:>2026-13-45",
]


async def test_a_bad_query_is_pointed_at(market: Market) -> None:
    await stocked(market)
    async with market.worker(), AsyncTestClient(market.app()) as client:
        for q in BAD_QUERIES:
            problem = refused(await client.get("/search", params={"q": q}), 400, q)
            assert problem["code"] == "query_invalid", q
            assert 0 <= problem["position"] < len(q)
            assert 1 <= problem["length"] <= len(q) - problem["position"]
            assert problem["detail"]
        assert refused(await client.get("/search/suggest", params={"q": "x" * 10_000}), 400)


async def test_odd_but_harmless_queries_are_answered(market: Market) -> None:
    await stocked(market)
    async with market.worker(), AsyncTestClient(market.app()) as client:
        for q in (
            "🙂🙂",
            "مرحبا kind:model",
            "\u202ekind:model",
            "'; DROP TABLE listings; --",
            'tag:"\'; DROP"',
            'licence:"MIT) OR (kind_x"',
            "title_words\\:x *:* [a TO b]",
            "{{7*7}} <script>alert(1)</script>",
            "tag:__proto__",
            "kind=model",
        ):
            for path in ("/search", "/search/suggest"):
                answer = await client.get(path, params={"q": q})
                assert answer.status_code == 200, (path, q, answer.text)


ABSURD: list[dict[str, object]] = [
    {"accuracy_min": "nan"},
    {"accuracy_min": "inf"},
    {"accuracy_min": 2},
    {"accuracy_min": 0.9, "accuracy_max": 0.1},
    {"latency_max_ms": "-inf"},
    {"latency_max_ms": 1e300},
    {"rating_min": 9},
    {"size_max_bytes": 10**30},
    {"memory_gb": "NaN"},
    {"price_min_minor": 10**40},
    {"price_min_minor": 5, "price_max_minor": 1},
    {"region": "mars"},
    {"kind": "model'--"},
    {"tag": "x" * 5_000},
    {"tag": " "},
    {"task": [f"t{n}" for n in range(21)]},
    {"currency": "ABC"},
    {"q": "price:<10eur", "price_min_minor": 5},
    {"q": "price:<10eur", "currency": "USD"},
    {"cursor": "AAAA"},
    {"limit": 10**9},
    {"sort": "id; --"},
]


async def test_absurd_filters_are_refused(market: Market) -> None:
    async with market.worker(), AsyncTestClient(market.app()) as client:
        for params in ABSURD:
            assert refused(await client.get("/search", params=params), None, params)["detail"]


def refused(answer: httpx.Response, status: int | None, about: object = "") -> dict:
    assert answer.status_code in ((400, 422) if status is None else (status,)), (about, answer.text)
    problem = answer.json()
    assert problem["code"]
    return problem
