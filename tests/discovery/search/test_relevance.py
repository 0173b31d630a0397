"""Search ranks well enough: floors under nDCG@10 that a broken ranking would fall through.

The whole figures, over all of Cranfield in each way, are measured by `bench/search.py`.
"""

import pytest
from bench._search_relevance import cranfield, judged_catalogue, measure, ndcg, part_of

from souk.discovery.search.embedding.embedder import Embedder


def test_the_measure_itself() -> None:
    assert ndcg([3, 2, 1], [1, 2, 3]) == 1.0
    assert ndcg([0, 0, 0], [1]) == 0.0
    assert ndcg([], []) == 0.0
    assert ndcg([0, 1], [1]) == pytest.approx(0.6309, abs=1e-4)
    assert ndcg([1, 3], [3, 1]) < ndcg([3, 1], [3, 1])


def test_the_collections_are_whole() -> None:
    whole = cranfield()
    assert (len(whole.documents), len(whole.questions)) == (1400, 225)
    assert sum(len(question.gains) for question in whole.questions) == 1612
    assert whole.questions[0].gains[184] == 3, "grade 2 of 1 (the best) to 4"
    own = judged_catalogue()
    assert (len(own.documents), len(own.questions)) == (15, 42)
    assert all(question.gains for question in own.questions)


def test_words_rank_cranfield(embedder: Embedder) -> None:
    assert measure(cranfield(), embedder, ("words",))["words"].ndcg > 0.37


def test_both_ways_together_rank_best(embedder: Embedder) -> None:
    found = measure(part_of(cranfield(), questions=6, others=20), embedder)
    assert found["words"].ndcg > 0.5
    assert found["meaning"].ndcg > 0.5
    assert found["both"].ndcg > max(found["words"].ndcg, found["meaning"].ndcg) - 0.02


def test_the_catalogue_is_found_as_people_ask_for_it(embedder: Embedder) -> None:
    found = measure(judged_catalogue(), embedder)
    assert found["words"].ndcg > 0.88
    assert found["both"].ndcg > 0.91
    assert found["both"].first_is_best > 0.8
