"""Answers are kept for as long as the index stays as it is, and no longer."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from souk.discovery.search.engine.cache import SnapshotCache
from souk.discovery.search.engine.engine import SearchEngine
from souk.discovery.search.engine.writer import IndexWriter
from souk.discovery.search.model import Filters, SearchRequest
from tests.discovery.search.samples import axis, entry


class Meanings:
    """An embedder that counts how often it is asked."""

    def __init__(self, answer: npt.NDArray[np.float32] | None) -> None:
        self.asked = 0
        self._answer = answer

    def __call__(self, text: str) -> npt.NDArray[np.float32] | None:
        self.asked += 1
        return self._answer


def test_the_same_question_is_worked_out_once(writer: IndexWriter, engine: SearchEngine) -> None:
    writer.apply([entry(1, "granite", meaning=1)])
    meanings = Meanings(axis(1))
    request = SearchRequest(text="granite", filters=Filters(kinds=("model",)))
    first = engine.answer(request, embed=meanings)
    again = SearchRequest(text="granite", filters=Filters(kinds=("model",)))
    assert engine.known(again) is first
    assert engine.answer(again, embed=meanings) is first
    assert meanings.asked == 1
    assert engine.known(SearchRequest(text="granite")) is None


def test_a_change_of_the_index_drops_every_answer(
    writer: IndexWriter, engine: SearchEngine
) -> None:
    writer.apply([entry(1, "granite")])
    request = SearchRequest(text="granite")
    assert engine.answer(request, embed=lambda _: axis(0)).total == 1
    writer.apply([entry(2, "granite")])
    assert engine.known(request) is None
    assert engine.answer(request, embed=lambda _: axis(0)).total == 2
    writer.rebuild([[entry(3, "granite")]])
    assert engine.answer(request, embed=lambda _: axis(0)).total == 1


def test_an_answer_without_its_meaning_is_not_kept(
    writer: IndexWriter, engine: SearchEngine
) -> None:
    writer.apply([entry(1, "granite", meaning=1)])
    request = SearchRequest(text="granite")
    assert engine.answer(request, embed=lambda _: None).hits[0].matched == ("text",)
    assert engine.known(request) is None
    assert "meaning" in engine.answer(request, embed=lambda _: axis(1)).hits[0].matched


def test_the_cache_is_bounded_and_forgets_the_least_asked() -> None:
    cache: SnapshotCache[int, str] = SnapshotCache(3)
    for key in (1, 2, 3):
        cache.put(1, key, str(key))
    assert cache.get(1, 1) == "1"
    cache.put(1, 4, "4")
    assert [cache.get(1, key) for key in (1, 2, 3, 4)] == ["1", None, "3", "4"]
    assert len(cache) == 3
    cache.put(2, 9, "9")
    assert [cache.get(1, 1), cache.get(2, 1), cache.get(2, 9)] == [None, None, "9"]
    cache.put(1, 5, "late")
    assert cache.get(1, 5) is None, "a late answer from an older index is not kept"


def test_many_threads_share_a_cache() -> None:
    cache: SnapshotCache[int, int] = SnapshotCache(50)

    def work(number: int) -> None:
        version, key = number // 500, number % 70
        found = cache.get(version, key)
        assert found in (None, key)
        cache.put(version, key, key)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4_000)))
    assert len(cache) <= 50


def test_a_cache_of_none_keeps_none() -> None:
    cache: SnapshotCache[int, int] = SnapshotCache(0)
    cache.put(0, 1, 1)
    assert cache.get(0, 1) is None
