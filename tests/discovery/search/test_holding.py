"""Few listings held against many questions: the same answers as asking each of them."""

import shutil
import tempfile
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from souk.discovery.search.engine.engine import SearchEngine
from souk.discovery.search.engine.holding import Asked
from souk.discovery.search.engine.writer import Entry, IndexWriter
from souk.discovery.search.model import Between, Filters, SearchRequest, Sort
from tests.discovery.search.samples import entry
from tests.discovery.search.test_model import OWNERS, WORDS, catalogues, some_filters

CATALOGUE = [
    entry(1, "Sentiment classifiers for film reviews", tags=("text",), published_at_ms=5),
    entry(2, "Speech recognition", owner="borealis", published_at_ms=5),
    entry(3, "Handwritten digits", summary="Reads numbers", published_at_ms=9),
]
ALL = Filters()


def texts() -> st.SearchStrategy[str]:
    """Queries as saved searches keep them: every word in quotes, some unwanted."""
    quoted = st.sampled_from(WORDS).map(lambda word: f'"{word}"')
    unwanted = st.sampled_from(WORDS).map(lambda word: f"-{word}")
    return st.lists(quoted | unwanted | st.just('"a b"'), max_size=3).map(" ".join)


@settings(deadline=None, max_examples=60)
@given(
    catalogues(),
    st.lists(st.tuples(texts(), some_filters), max_size=6),
    st.sampled_from(OWNERS),
    st.integers(0, 3),
)
def test_each_question_matches_what_it_finds_when_it_is_asked(
    catalogue: list[Entry], asked: list[tuple[str, Filters]], owner: str, published: int
) -> None:
    within = Filters(owners=(owner,), published_ms=Between(published, published))
    folder = Path(tempfile.mkdtemp())
    try:
        with closing(IndexWriter(folder, model="for-tests")) as writer:
            writer.rebuild([catalogue])
            engine = SearchEngine(folder)
            questions = [Asked(text, filters) for text, filters in asked]
            held = engine.hold(within, questions)
            assert set(held.payloads) == set(found(engine, "", within))
            for question, matched in zip(questions, held.matched, strict=True):
                every = set(found(engine, question.text, question.filters))
                assert set(matched) == every & set(held.payloads), question
    finally:
        shutil.rmtree(folder)


def found(engine: SearchEngine, text: str, filters: Filters) -> list[int]:
    """What a search by words alone finds."""
    snapshot = engine.snapshot()
    request = SearchRequest(text=text, filters=filters, sort=Sort.NEWEST, limit=100)
    plan = engine.plan(snapshot, text)
    return [hit.seq for hit in engine.search(snapshot, request, plan=plan, vector=None).hits]


@pytest.fixture(autouse=True)
def catalogue(writer: IndexWriter) -> None:
    writer.apply(CATALOGUE)


@pytest.mark.parametrize(
    ("text", "seqs"),
    [
        ("", [1, 2, 3]),
        ('"classifier"', [1]),  # in any of its forms
        ("sentiment film", [1]),
        ('"sentiment" "digits"', []),  # all of the words
        ('"sentimant"', []),  # nothing is mended
        ("handwr", []),  # nor completed
        ('"film reviews"', [1]),
        ('"reviews film"', []),
        ("-film", [2, 3]),
        ('"recognition" -speech', []),
        ('"☃"', []),  # there are words, and no listing can hold them
        ('""', [1, 2, 3]),
    ],
)
def test_every_word_must_be_there_as_it_stands(
    engine: SearchEngine, text: str, seqs: list[int]
) -> None:
    held = engine.hold(ALL, [Asked(text, ALL)])
    assert [sorted(one) for one in held.matched] == [seqs]


def test_only_the_listings_within_are_held(engine: SearchEngine) -> None:
    within = Filters(owners=("acme",), published_ms=Between(5, 5))
    other = msgspec.structs.replace(within, owners=("borealis",))
    asked = [Asked("", ALL), Asked('"speech"', ALL), Asked("", Filters(owners=("borealis",)))]
    assert engine.hold(within, asked).matched == [[1], [], []]
    assert engine.hold(other, asked).matched == [[2], [2], [2]]
    nobody = engine.hold(Filters(owners=("nobody",)), asked)
    assert (nobody.payloads, nobody.matched) == ({}, [[], [], []])
