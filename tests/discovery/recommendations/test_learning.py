"""A model learns the structure that is there, explains itself, and lies on the shelf safely."""

from pathlib import Path

import numpy as np
import pytest

from souk.discovery.recommendations import shelf
from souk.discovery.recommendations.learning import learn
from souk.discovery.recommendations.learnt import Interactions, Learnt
from souk.discovery.recommendations.model import Seed
from souk.discovery.recommendations.settings import RecommendationSettings
from souk.discovery.recommendations.tasting import Taster

SETTINGS = RecommendationSettings(factors=4, iterations=8)
CROWDS, EACH, PEOPLE, OWN = 4, 15, 40, 6


def crowds() -> Interactions:
    """Four crowds of people, each with fifteen works that only they use."""
    random = np.random.default_rng(5)
    rows = [
        (crowd * PEOPLE + person, crowd * EACH + int(work))
        for crowd in range(CROWDS)
        for person in range(PEOPLE)
        for work in random.choice(EACH, OWN, replace=False)
    ]
    return Interactions(
        people=np.array([row[0] for row in rows], np.int32),
        listings=np.array([row[1] for row in rows], np.int32),
        weights=np.ones(len(rows), np.float32),
        listing_ids=np.array([f"lst_{n:03}".encode() for n in range(CROWDS * EACH)], np.bytes_),
    )


@pytest.fixture(scope="module")
def learnt() -> Learnt:
    return learn(crowds(), SETTINGS)


@pytest.fixture(scope="module")
def taster(learnt: Learnt) -> Taster:
    regularisation = crowds().regularisation(SETTINGS.regularisation)
    return Taster(learnt, version="v", confidence=8.0, regularisation=regularisation)


def crowd_of(listing_id: str) -> int:
    return int(listing_id[4:]) // EACH


def test_somebody_gets_the_rest_of_what_their_crowd_uses(taster: Taster) -> None:
    for crowd in range(CROWDS):
        used = [Seed(f"lst_{crowd * EACH + n:03}", "view", 1.0) for n in (0, 3)]
        best = taster.suited(used, limit=6)
        assert {crowd_of(one.listing_id) for one in best} == {crowd}
        assert not {one.listing_id for one in best} & {one.listing_id for one in used}


def test_the_reason_is_the_deed_that_speaks_for_it(taster: Taster) -> None:
    seeds = [Seed("lst_001", "view", 1.0), Seed("lst_016", "order", 1.0)]
    for one in taster.suited(seeds, limit=10):
        assert crowd_of(seeds[one.because].listing_id) == crowd_of(one.listing_id)


def test_a_new_deed_changes_the_answer_at_once(taster: Taster) -> None:
    before = taster.suited([Seed("lst_001", "view", 1.0)], limit=5)
    after = taster.suited([Seed("lst_001", "view", 1.0), Seed("lst_031", "order", 8.0)], limit=5)
    assert {crowd_of(one.listing_id) for one in before} == {0}
    assert 2 in {crowd_of(one.listing_id) for one in after}


def test_what_goes_together_is_of_one_crowd_and_not_the_listing_itself(taster: Taster) -> None:
    for listing in ("lst_000", "lst_020", "lst_059"):
        pairs = taster.together(listing)
        assert pairs and pairs == sorted(pairs, key=lambda one: -one[1])
        assert {crowd_of(other) for other, _ in pairs} == {crowd_of(listing)}
        assert listing not in {other for other, _ in pairs}


def test_strangers_to_the_model_get_nothing_from_it(taster: Taster) -> None:
    assert taster.suited([], limit=5) == []
    assert taster.suited([Seed("lst_999", "view", 1.0)], limit=5) == []
    assert taster.together("lst_999") == []
    assert len(taster.popular(limit=3)) == 3
    assert len(taster.popular(limit=10_000)) == CROWDS * EACH


def test_the_same_deeds_give_the_same_model(learnt: Learnt) -> None:
    again = learn(crowds(), SETTINGS)
    for name in Learnt.__struct_fields__:
        assert np.array_equal(getattr(learnt, name), getattr(again, name)), name


def about(version: str) -> shelf.About:
    return shelf.About(
        version=version, people=1, listings=60, interactions=9, confidence=8, regularisation=0.1
    )


def test_the_shelf_gives_back_what_was_put_and_keeps_the_last_two(
    tmp_path: Path, learnt: Learnt
) -> None:
    assert shelf.take(tmp_path) is None and shelf.stamp(tmp_path) == ()
    stamps = set()
    for version in ("20260101", "20260102", "20260103"):
        shelf.put(tmp_path, learnt, about(version))
        stamps.add(shelf.stamp(tmp_path))
    assert len(stamps) == 3
    taken = shelf.take(tmp_path)
    assert taken is not None and taken[1] == about("20260103")
    for name in Learnt.__struct_fields__:
        assert np.array_equal(getattr(taken[0], name), getattr(learnt, name))
    folders = {path.name for path in tmp_path.iterdir() if path.is_dir()}
    assert folders == {"20260102", "20260103"}


def test_a_broken_model_is_no_model(tmp_path: Path, learnt: Learnt) -> None:
    shelf.put(tmp_path, learnt, about("20260101"))
    (tmp_path / "20260101" / "factors.npy").write_bytes(b"half")
    assert shelf.take(tmp_path) is None
