"""Filters, facets, totals and sorts against a plain model in Python."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from souk.discovery.search.engine.counting import FACETS
from souk.discovery.search.engine.engine import SearchEngine
from souk.discovery.search.engine.ranges import FIGURES, PRICES, price_band, price_bounds
from souk.discovery.search.engine.writer import Entry, IndexWriter
from souk.discovery.search.model import (
    Between,
    Filters,
    SearchDocument,
    SearchRequest,
    SearchResult,
    Sort,
)
from tests.discovery.search.samples import axis, entry

WORDS = ["harbor", "lantern", "meadow", "orchid", "pigeon"]
KINDS = ["model", "dataset", "api"]
TAGS = ["vision", "text", "Audio Data"]
LICENCES = ["MIT", "Apache-2.0", "GPL-3.0-only OR MIT"]
TASKS = ["", "classification", "embedding"]
OWNERS = ["acme", "borealis"]
CURRENCIES = ["USD", "EUR"]
FRAMEWORKS = ["onnx", "ONNX", "scikit-learn"]
HARDWARE = ["cpu", "gpu"]
REGIONS = ["af", "as", "eu", "na", "oc", "sa"]
EDGES = {
    "rating_milli": [1_999, 2_000, 4_000, 4_499, 4_500, 5_000],
    "accuracy_ppm": [0, 500_000, 949_999, 950_000, 1_000_000],
    "latency_us": [0, 1_000, 1_001, 50_000, 10**6, 10**7],
    "size_bytes": [0, 10**6 - 1, 10**6, 10**9, 10**10],
    "memory_mb": [0, 500, 8_000, 16_000],
}
prices = st.sampled_from([0, 1, 999, 1_000, 1_001, 250_000])


def lists(values: list[str], most: int = 3) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=most, unique=True).map(tuple)


def figure(name: str) -> st.SearchStrategy[int | None]:
    return st.none() | st.sampled_from(EDGES[name])


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
                tags=draw(lists(TAGS)),
                licence=draw(st.none() | st.sampled_from(LICENCES)),
                task=draw(st.sampled_from(TASKS)),
                category=draw(st.sampled_from(["", "health"])),
                frameworks=draw(lists(FRAMEWORKS)),
                hardware=draw(lists(HARDWARE)),
                regions=draw(lists(REGIONS, 2)),
                price_minor=price,
                currency=None if price is None else draw(st.sampled_from(CURRENCIES)),
                downloads=draw(st.integers(0, 3)),
                published_at_ms=draw(st.integers(0, 3)),
                rating_count=draw(st.integers(0, 2)),
                trending_milli=draw(st.integers(0, 2)),
                **{name: draw(figure(name)) for name in EDGES},
            )
        )
    return entries


def bounds(values: list[int]) -> st.SearchStrategy[Between | None]:
    ends = st.none() | st.sampled_from(values)
    return st.none() | st.builds(Between, ends, ends)


filters = st.builds(
    Filters,
    kinds=lists(KINDS, 2),
    tags=lists(["vision", "TEXT", "audio data"], 2),
    licences=lists([*LICENCES, "mit"], 2),
    tasks=lists(TASKS[1:], 2),
    categories=lists(["health"]),
    frameworks=lists(FRAMEWORKS[1:], 2),
    hardware=lists(HARDWARE, 1),
    regions=lists(REGIONS, 2),
    owners=lists(OWNERS, 1),
    without=st.lists(
        st.sampled_from([("kind", "api"), ("tag", "text"), ("region", "eu"), ("licence", "mit")]),
        max_size=1,
    ).map(tuple),
    currency=st.none() | st.sampled_from(CURRENCIES),
    price_min_minor=st.none() | prices,
    price_max_minor=st.none() | prices,
    downloads=bounds([0, 1, 2]),
    published_ms=bounds([0, 1, 2]),
    **{name: bounds(values) for name, values in EDGES.items()},
)
some_filters = filters.flatmap(
    # Each of many filters is seldom set, so that something passes.
    lambda asked: st.sets(st.sampled_from(Filters.__struct_fields__), max_size=4).map(
        lambda kept: Filters(**{name: getattr(asked, name) for name in kept})
    )
)


def passes(document: SearchDocument, asked: Filters) -> bool:
    words = all(
        not wanted or values_of(document, name) & set(map(str.lower, wanted))
        for name, wanted in (
            ("kind", asked.kinds),
            ("licence", asked.licences),
            ("task", asked.tasks),
            ("category", asked.categories),
            ("framework", asked.frameworks),
            ("hardware", asked.hardware),
            ("region", asked.regions),
            ("owner", asked.owners),
        )
    )
    figures = all(
        within(number, getattr(asked, name))
        for name, number in (
            *((name, getattr(document, name)) for name in EDGES),
            ("downloads", document.downloads),
            ("published_ms", document.published_at_ms),
        )
    )
    return (
        words
        and figures
        and {tag.lower() for tag in asked.tags} <= values_of(document, "tag")
        and not any(value in values_of(document, name) for name, value in asked.without)
        and asked.currency in (None, document.currency)
        and price_passes(document, asked)
    )


def within(number: int | None, bounds: Between | None) -> bool:
    if bounds is None:
        return True
    if number is None or (bounds.low is not None and number < bounds.low):
        return False
    return bounds.high is None or number <= bounds.high


def price_passes(document: SearchDocument, asked: Filters) -> bool:
    if asked.price_min_minor is None and asked.price_max_minor is None:
        return True
    if document.price_minor is None:
        return False
    low, high = asked.price_min_minor or 0, asked.price_max_minor
    own = asked.currency or "USD"
    return within(document.price_minor, Between(low, high)) and (
        document.currency == own or document.price_minor == 0
    )


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


def values_of(document: SearchDocument, facet: str) -> set[str]:
    """The words of a listing in lower case."""
    one_or_many = {
        "kind": document.kind,
        "licence": document.licence,
        "task": document.task,
        "category": document.category,
        "owner": document.owner,
        "tag": document.tags,
        "framework": document.frameworks,
        "hardware": document.hardware,
        "region": document.regions or REGIONS,
    }[facet]
    values: Iterable[str] = (
        [one_or_many or ""] if not isinstance(one_or_many, (tuple, list)) else one_or_many
    )
    return {value.lower() for value in values if value}


def choosing(facet: str, value: str, asked: Filters) -> Filters:
    """The filters after choosing a value of a facet in place of what was chosen of it."""
    change = msgspec.structs.replace
    if facet == "tag":
        return change(asked, tags=(*asked.tags, value))
    if facet == "currency":
        return change(asked, currency=value)
    if facet == "price":
        ends = price_bounds(value, asked.currency or "USD")
        return change(asked, price_min_minor=ends.low, price_max_minor=ends.high)
    if facet in FIGURES:
        ends = next(one.bounds for one in FIGURES[facet].choices if one.name == value)
        return change(asked, **{FIGURES[facet].document: ends})
    return change(asked, **{CHOSEN[facet]: (value,)})


ENOUGH = 3
CHOSEN = {
    "kind": "kinds",
    "licence": "licences",
    "task": "tasks",
    "category": "categories",
    "framework": "frameworks",
    "hardware": "hardware",
    "region": "regions",
}
VALUES = {
    "kind": KINDS,
    "category": ["health"],
    "task": TASKS[1:],
    "tag": [tag.lower() for tag in TAGS],
    "licence": LICENCES,
    "currency": CURRENCIES,
    "framework": ["onnx", "scikit-learn"],
    "hardware": HARDWARE,
    "region": REGIONS,
    "price": list(PRICES),
    **{name: [one.name for one in FIGURES[name].choices] for name in FIGURES},
}


@settings(max_examples=40, deadline=None)
@given(
    catalogues(),
    st.lists(st.sampled_from(WORDS), max_size=3),
    st.none() | st.integers(0, 2),
    some_filters,
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
        assert list(answer.facets) == list(FACETS)
        for facet, counts in answer.facets.items():
            model = Counter(
                {
                    value: sum(passes(one, choosing(facet, value, asked)) for one in matching)
                    for value in VALUES[facet]
                }
            )
            assert {one.value: one.count for one in counts} == dict(+model), facet
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


def sort_key(document: SearchDocument, sort: Sort) -> tuple[float, ...]:
    match sort:
        case Sort.NEWEST:
            return (-document.published_at_ms,)
        case Sort.DOWNLOADS:
            return (-document.downloads,)
        case Sort.TRENDING:
            return (-document.trending_milli,)
        case Sort.RATING:
            rated = document.rating_milli is not None
            people = document.rating_count if rated else 0
            return (-rated, -(document.rating_milli or 0), -people)
    if document.price_minor is None:
        return 1, 0
    return 0, document.price_minor * (1 if sort is Sort.PRICE_ASC else -1)


@given(st.none() | st.integers(0, 10**9), st.sampled_from(CURRENCIES))
def test_price_bands_and_their_ends_agree(price: int | None, currency: str) -> None:
    holding = [
        band for band in PRICES if price is not None and within(price, price_bounds(band, currency))
    ]
    assert holding == ([] if price is None else [price_band(price, currency)])


def asked(catalogue: list[Entry], request: SearchRequest) -> SearchResult:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(IndexWriter(Path(folder), model="m")) as w,
    ):
        w.rebuild([catalogue])
        return SearchEngine(Path(folder)).answer(request, embed=lambda _: None)


def test_another_currency_is_counted_under_the_same_bounds() -> None:
    catalogue = [
        entry(1, "a", price_minor=500, currency="USD"),
        entry(2, "b", price_minor=600, currency="EUR"),
        entry(3, "c", price_minor=5_000, currency="EUR"),
    ]
    for currency in ("USD", None):
        cheap = Filters(price_max_minor=999, currency=currency)
        counts = asked(catalogue, SearchRequest(filters=cheap)).facets["currency"]
        assert {one.value: one.count for one in counts} == {"USD": 1, "EUR": 1}


def test_of_equal_ratings_that_of_more_people_comes_first() -> None:
    ratings = [(1, 4_000, 2), (2, 4_000, 30), (3, 4_500, 1), (4, None, 0)]
    catalogue = [
        entry(seq, "x", rating_milli=rating, rating_count=people) for seq, rating, people in ratings
    ]
    found = asked(catalogue, SearchRequest(sort=Sort.RATING))
    assert [hit.seq for hit in found.hits] == [3, 2, 1, 4]


def test_a_chosen_value_is_counted_though_many_are_more_frequent() -> None:
    catalogue = [entry(seq, "x", task=f"task {min(seq % 80, 40)}") for seq in range(1, 400)]
    rare = Filters(tasks=("task 9",))
    counts = asked(catalogue, SearchRequest(filters=rare)).facets["task"]
    assert len(counts) == 31
    assert next(one.count for one in counts if one.value == "task 9") == 5
