"""Sketches: what they leave for comparing holds what is near, however the file of rows grew."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from souk.discovery.search.engine.layout import DIMENSIONS
from souk.discovery.search.engine.sketches import Sketches, best_of

Rows = npt.NDArray[np.float16]


@pytest.fixture(scope="module")
def rows() -> Rows:
    """Mixtures of a few hundred directions, which is how listings of one trade lie."""
    chance = np.random.default_rng(7)
    topics = chance.normal(0.3, 1, (300, DIMENSIONS))
    share = chance.uniform(0.5, 1, (20_000, 1))
    left, right = chance.integers(0, 300, (2, 20_000))
    mixed = share * topics[left] + (1 - share) * topics[right]
    mixed += chance.normal(0, 0.5, mixed.shape)
    return (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float16)


def test_the_best_sketches_hold_nearly_all_of_the_nearest(rows: Rows) -> None:
    sketches = Sketches()
    among = np.arange(0, len(rows), 2)
    found = []
    for asked in rows[1:200:8].astype(np.float32):
        nearest = among[np.argsort(-(rows[among].astype(np.float32) @ asked))[:100]]
        kept = best_of(sketches.distances(rows, asked), among, 1_000)
        found.append(np.isin(nearest, kept).mean())
    assert np.mean(found) > 0.9


def test_a_file_that_grew_has_the_sketches_of_one_that_was_there_at_once(rows: Rows) -> None:
    asked = rows[3].astype(np.float32)
    whole, grown = Sketches(), Sketches()
    for count in (5_000, 5_001, 17_000, 20_000):
        there = grown.distances(rows[:count], asked)
        np.testing.assert_array_equal(there, whole.distances(rows, asked)[:count])
    np.testing.assert_array_equal(grown.distances(rows[:100], asked), there[:100])
    assert there[3] == 0


@settings(max_examples=50)
@given(distances=st.lists(st.integers(0, 384), min_size=1, max_size=200), most=st.integers(1, 200))
def test_the_best_are_those_that_no_other_is_nearer_than(distances: list[int], most: int) -> None:
    all_of_them = np.array(distances, np.uint16)
    among = np.arange(0, len(distances), 3)
    kept = best_of(all_of_them, among, most)
    left = np.setdiff1d(among, kept)
    assert len(kept) >= min(most, len(among))
    assert len(left) == 0 or all_of_them[kept].max() < all_of_them[left].min()
