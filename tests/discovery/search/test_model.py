"""Filters, facets, totals and sorts against a plain model in Python."""

import shutil
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from souk.discovery.search.engine.engine import SearchEngine
from souk.discovery.search.engine.keys import price_band
from souk.discovery.search.engine.writer import Entry, IndexWriter
from souk.discovery.search.model import Filters, SearchDocument, SearchRequest, Sort
from tests.discovery.search.samples import axis, entry

WORDS = ["harbor", "lantern", "meadow", "orchid", "pigeon"]
KINDS = ["model", "dataset", "api"]
TAGS = ["vision", "text", "Audio Data"]
LICENCES = ["MIT", "Apache-2.0", "GPL-3.0-only OR MIT"]
TASKS = ["", "classification", "embedding"]
OWNERS = ["acme", "borealis"]
CURRENCIES = ["USD", "EUR"]
prices = st.sampled_from([0, 1, 999, 1_000, 1_001, 250_000])


@st.composite
def catalogues(draw: st.DrawFn) -> list[Entry]:
    entries = []
    for seq in range(1, draw(st.integers(0, 25)) + 1):
        price = draw(st.none() | prices)
        entries.append(
            entry(
                seq,
                " ".join(draw(st.lists(st.sampled_from(WORDS), max_size=4))),
                meaning=draw(st.none() | st.integers(0, 2)),
                kind=draw(st.sampled_from(KINDS)),
                owner=draw(st.sampled_from(OWNERS)),
                tags=tuple(draw(st.lists(st.sampled_from(TAGS), unique=True))),
                licence=draw(st.none() | st.sampled_from(LICENCES)),
                task=draw(st.sampled_from(TASKS)),
                category=draw(st.sampled_from(["", "health"])),
                price_minor=price,
                currency=None if price is None else draw(st.sampled_from(CURRENCIES)),
                downloads=draw(st.integers(0, 3)),
                published_at_ms=draw(st.integers(0, 3)),
            )
        )
    return entries


def some(values: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)


filters = st.builds(
    Filters,
    kinds=some(KINDS),
    tags=some(["vision", "TEXT", "audio data"]),
    licences=some(LICENCES),
    tasks=some(TASKS[1:]),
    categories=some(["health"]),
    owner=st.none() | st.sampled_from(OWNERS),
    currency=st.none() | st.sampled_from(CURRENCIES),
    price_min_minor=st.none() | prices,
    price_max_minor=st.none() | prices,
)


def passes(document: SearchDocument, asked: Filters) -> bool:
    tags = {tag.lower() for tag in document.tags}
    return all(
        (
            not asked.kinds or document.kind in asked.kinds,
            all(tag.lower() in tags for tag in asked.tags),
            not asked.licences or document.licence in asked.licences,
            not asked.tasks or document.task in asked.tasks,
            not asked.categories or document.category in asked.categories,
            asked.owner in (None, document.owner),
            asked.currency in (None, document.currency),
            price_passes(document, asked),
        )
    )


def price_passes(document: SearchDocument, asked: Filters) -> bool:
    if asked.price_min_minor is None and asked.price_max_minor is None:
        return True
    if document.price_minor is None:
        return False
    low, high = asked.price_min_minor or 0, asked.price_max_minor
    within = low <= document.price_minor and (high is None or document.price_minor <= high)
    own = asked.currency or "USD"
    return within and (document.currency == own or document.price_minor == 0)


def found(catalogue: list[Entry], words: list[str], meaning: int | None) -> list[SearchDocument]:
    """Those with every word, or with any when too few have every; and those on the same axis."""
    asked = set(words)
    if not asked and meaning is None:
        return [one.document for one in catalogue]
    held = {one.document.seq: asked & set(one.document.title.split()) for one in catalogue}
    strict = sum(words == asked for words in held.values()) >= ENOUGH
    return [
        one.document
        for one in catalogue
        if (asked and (held[one.document.seq] == asked or (not strict and held[one.document.seq])))
        or (meaning is not None and one.vector is not None and one.vector[meaning] > 0.5)
    ]


def values_of(document: SearchDocument, facet: str) -> list[str]:
    if facet == "tag":
        return [tag.lower() for tag in document.tags]
    if facet == "price":
        return [price_band(document)]
    value = getattr(document, facet)
    return [value] if value else []


ENOUGH = 3
LIFTED = {"kind": "kinds", "licence": "licences", "task": "tasks", "category": "categories"}


@settings(max_examples=40, deadline=None)
@given(
    catalogues(),
    st.lists(st.sampled_from(WORDS), max_size=3),
    st.none() | st.integers(0, 2),
    filters,
    st.sampled_from(Sort),
    st.integers(1, 7),
)
def test_answers_equal_a_plain_model(
    catalogue: list[Entry],
    words: list[str],
    meaning: int | None,
    asked: Filters,
    sort: Sort,
    limit: int,
) -> None:
    root = Path(tempfile.mkdtemp())
    writer = IndexWriter(root, model="m")
    with patch("souk.discovery.search.engine.matching.ENOUGH", ENOUGH), closing(writer):
        # The second time half of it again, so that outdated vectors lie about.
        writer.rebuild([catalogue])
        writer.apply(catalogue[::2])
        known = {word for one in catalogue for word in one.document.title.split()}
        words = [word for word in words if word in known]
        check(SearchEngine(root), catalogue, words, meaning, asked, sort, limit)
    shutil.rmtree(root)


def check(engine, catalogue, words, meaning, asked, sort, limit) -> None:
    text = " ".join(words)
    snapshot = engine.snapshot()
    plan = engine.plan(snapshot, text)
    if meaning is not None and not text:
        plan = msgspec.structs.replace(plan, meaning="something")
    vector = None if meaning is None else axis(meaning)
    matching = found(catalogue, words, meaning)
    expected = [one for one in matching if passes(one, asked)]

    seen: list[int] = []
    request = SearchRequest(text=text, filters=asked, sort=sort, limit=limit)
    while True:
        answer = engine.search(snapshot, request, plan=plan, vector=vector)
        assert answer.total == len(expected)
        for facet, counts in answer.facets.items():
            narrowed = (
                msgspec.structs.replace(asked, **{LIFTED[facet]: ()}) if facet in LIFTED else asked
            )
            model = Counter(
                value
                for one in matching
                if passes(one, narrowed)
                for value in values_of(one, facet)
            )
            assert {one.value: one.count for one in counts} == dict(model), facet
        assert all(hit.payload == str(hit.seq).encode() for hit in answer.hits)
        seen += [hit.seq for hit in answer.hits]
        if answer.next_after is None:
            break
        assert len(answer.hits) == limit
        request = msgspec.structs.replace(request, after=answer.next_after)
    assert sorted(seen) == sorted(one.seq for one in expected), "every match once, over all pages"
    by_seq = {one.document.seq: one.document for one in catalogue}
    if sort is not Sort.RELEVANCE:
        order = [sort_key(by_seq[seq], sort) for seq in seen]
        assert order == sorted(order)


def sort_key(document: SearchDocument, sort: Sort) -> tuple[bool, float]:
    if sort is Sort.NEWEST:
        return False, -document.published_at_ms
    if sort is Sort.DOWNLOADS:
        return False, -document.downloads
    if document.price_minor is None:
        return True, 0
    return False, document.price_minor * (1 if sort is Sort.PRICE_ASC else -1)
