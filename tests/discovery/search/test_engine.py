"""What people type, and what they get."""

import threading
from pathlib import Path

import numpy as np
import pytest

from souk.discovery.search.embedding.embedder import Embedder
from souk.discovery.search.engine.engine import SearchEngine
from souk.discovery.search.engine.errors import IndexMissing
from souk.discovery.search.engine.writer import Entry, IndexWriter
from souk.discovery.search.model import Filters, SearchResult, Sort
from tests.discovery.search.conftest import Ask
from tests.discovery.search.samples import axis, entry, listing

CATALOGUE = [
    entry(1, "Sentiment classifier for film reviews", tags=("text", "sentiment")),
    entry(2, "Speech recognition for Portuguese", tags=("audio",), downloads=50),
    entry(3, "Handwritten digit recogniser", summary="Reads numbers on paper", downloads=9),
    entry(4, "Wine chemistry", kind="dataset", card="alcohol, malic acid, ash and colour"),
    entry(5, "Crème brûlée recipes", kind="dataset", seller="Données Ouvertes"),
]


def numbers(result: SearchResult) -> list[int]:
    return [hit.seq for hit in result.hits]


@pytest.fixture(autouse=True)
def catalogue(writer: IndexWriter) -> None:
    writer.apply(CATALOGUE)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("sentiment", 1),
        ("SENTIMENT Classifiers", 1),  # case and inflection
        ("sentimant", 1),  # a wrong letter
        ("clasifier reveiws", 1),  # a missing letter, two swapped
        ("recogniton portugese", 2),
        ("malic acid", 4),  # only in the card
        ("creme brulee", 5),  # without accents
        ("donnees", 5),  # the seller
        ("handwr", 3),  # an unfinished word
        ("what is the wine made of", 4),  # a question
    ],
)
def test_plain_words_find_it(ask: Ask, typed: str, expected: int) -> None:
    assert numbers(ask(typed))[:1] == [expected]


def test_a_mended_word_is_offered(ask: Ask) -> None:
    assert ask("sentimant classifier").mended == (("sentimant", "sentiment"),)
    assert ask("sentiment classifier").mended == ()


def test_a_phrase_is_kept_together_and_a_minus_leaves_out(ask: Ask) -> None:
    assert numbers(ask('"film reviews"')) == [1]
    assert numbers(ask('"reviews film"')) == []
    assert sorted(numbers(ask("-recognitions"))) == [1, 3, 4, 5]
    assert numbers(ask("dataset -wine")) == [5]


def test_phrases_and_minus_bind_what_meaning_finds(writer: IndexWriter, ask: Ask) -> None:
    writer.apply([entry(8, "Red vessel", meaning=1), entry(9, "Blue vessel", meaning=1)])
    assert sorted(numbers(ask("ship", axis(1)))) == [8, 9]
    assert numbers(ask("ship -red", axis(1))) == [9]
    assert numbers(ask('"red vessel"', axis(1))) == [8]


@pytest.mark.parametrize(
    "typed",
    [
        '"',
        '""',
        "-",
        '-"',
        "a:b AND (",
        "title:^^~*",
        "\x00\x01",
        "  ",
        "🙂",
        "x" * 10_000,
        "the of",
    ],
)
def test_odd_text_is_only_text(ask: Ask, typed: str) -> None:
    assert ask(typed, axis(0)).total >= 0


def test_what_both_ways_find_comes_before_what_one_finds(writer: IndexWriter, ask: Ask) -> None:
    writer.apply(
        [
            entry(11, "quartz", meaning=3),
            entry(12, "quartz", meaning=4),
            entry(13, "granite", meaning=3),
        ]
    )
    found = ask("quartz", axis(3))
    assert numbers(found)[0] == 11
    assert {hit.seq: hit.matched for hit in found.hits} == {
        11: ("text", "meaning"),
        12: ("text",),
        13: ("meaning",),
    }
    assert all(0 <= hit.score <= 1 for hit in found.hits)


def test_real_meaning_is_found_without_a_common_word(
    writer: IndexWriter, ask: Ask, embedder: Embedder
) -> None:
    texts = ["Dog breed pictures", "Mortgage default prediction", "Protein folding"]
    vectors = embedder.documents(texts)
    writer.apply(
        [
            Entry(listing(20 + index, text), vector)
            for index, (text, vector) in enumerate(zip(texts, vectors, strict=True))
        ]
    )
    assert numbers(ask("puppy photos", embedder.query("puppy photos")))[0] == 20
    assert numbers(ask("home loan risk", embedder.query("home loan risk")))[0] == 21


def test_an_update_replaces_and_a_removal_forgets(writer: IndexWriter, ask: Ask) -> None:
    writer.apply([entry(30, "Obsidian", meaning=5)])
    writer.apply([entry(30, "Basalt", meaning=6)])
    assert numbers(ask("obsidian")) == []
    assert numbers(ask("volcano", axis(5))) == [], "its old meaning is gone"
    assert numbers(ask("volcano", axis(6))) == [30]
    writer.apply([], removed=[30])
    assert numbers(ask("basalt", axis(6))) == []
    assert ask().total == len(CATALOGUE)


def test_a_new_listing_between_two_pages_repeats_nothing(writer: IndexWriter, ask: Ask) -> None:
    writer.apply([entry(100 + index, "common pebble") for index in range(9)])
    for sort in (Sort.RELEVANCE, Sort.NEWEST, Sort.PRICE_ASC):
        first = ask("pebble", sort=sort, limit=4)
        added = {Sort.RELEVANCE: 200, Sort.NEWEST: 201, Sort.PRICE_ASC: 202}[sort]
        writer.apply(
            [entry(added, "pebble pebble", published_at_ms=5, price_minor=0, currency="USD")]
        )
        second = ask("pebble", sort=sort, limit=4, after=first.next_after)
        assert not set(numbers(first)) & set(numbers(second))


def test_filters_reach_neighbours_that_the_nearest_hide(writer: IndexWriter, ask: Ask) -> None:
    crowd = [entry(1_000 + index, "crowd", meaning=7) for index in range(300)]
    hidden = entry(2_000, "other", meaning=7, kind="plugin")
    writer.apply([*crowd, hidden])
    assert numbers(ask("zzzz", axis(7), filters=Filters(kinds=("plugin",)))) == [2_000]


def test_the_graph_and_the_tail_after_it_are_one(writer: IndexWriter, root, ask: Ask) -> None:
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(5_000, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    entries = [
        Entry(listing(10_000 + index, f"item{index}"), vector)
        for index, vector in enumerate(vectors)
    ]
    writer.apply(entries[:4_500])
    assert not list(root.glob("g-*/graph-*"))
    writer.grow_graph(threading.Event())
    assert [path.name for path in root.glob("g-*/graph-*")] == ["graph-4500.usearch"]
    writer.grow_graph(threading.Event())
    assert len(list(root.glob("g-*/graph-*"))) == 1, "nothing is due"
    writer.apply(entries[4_500:])
    for index in (0, 2_345, 4_499, 4_500, 4_999):
        assert numbers(ask("zzzz", vectors[index])) == [10_000 + index]
    narrow = Filters(kinds=("model",))
    assert numbers(ask("zzzz", vectors[9], filters=narrow)) == [10_009], "graph under a wide filter"


def test_deep_pages_of_relevance_go_on_in_order(writer: IndexWriter, ask: Ask) -> None:
    writer.apply([entry(5_000 + index, "gravel", meaning=8) for index in range(450)])
    seen: list[int] = []
    after = None
    while True:
        page = ask("gravel", axis(8), limit=60, after=after)
        seen += numbers(page)
        after = page.next_after
        if after is None:
            break
    assert len(seen) == len(set(seen)) == page.total == 450


def test_suggestions_complete_mend_and_name_listings(engine: SearchEngine) -> None:
    snapshot = engine.snapshot()

    def suggested(typed: str) -> list[str]:
        found = engine.suggest(snapshot, typed, limit=6)
        return [one.payload.decode() if one.payload else one.text for one in found]

    assert suggested("recog") == ["recogniser", "recognition", "2", "3"]
    assert suggested("sentimant clas") == ["sentiment classifier", "1"]
    assert "recognition" in suggested("recogmition")
    assert suggested("") == suggested("  ?!") == []
    assert len(engine.suggest(snapshot, "r", limit=1)) <= 1


def test_there_is_no_answer_without_an_index(tmp_path) -> None:
    with pytest.raises(IndexMissing):
        SearchEngine(tmp_path / "nowhere").snapshot()


def test_a_real_word_that_nobody_uses_is_no_typing_error(
    writer: IndexWriter, root: Path, embedder: Embedder
) -> None:
    writer.apply([entry(40, "Ready to read")])
    engine = SearchEngine(root, is_word=embedder.knows)
    snapshot = engine.snapshot()
    assert engine.plan(snapshot, "reach").mended == ()
    assert engine.plan(snapshot, "raedy").mended == (("raedy", "ready"),)
    assert engine.plan(snapshot, "reach").meaning == "reach"
