"""What may be typed into the search box, and how mistakes are pointed at."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from souk.discovery.search.errors import QueryInvalid
from souk.discovery.search.model import Between, Filters
from souk.discovery.search.query.fields import FIELDS
from souk.discovery.search.query.gathering import joined
from souk.discovery.search.query.reader import MAX_QUERY, Query, read_query

GB = 10**9
DAY = 86_400_000


def read(typed: str) -> Query:
    return read_query(typed, currency="USD")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("kind:model", Filters(kinds=("model",))),
        ("KIND:Models", Filters(kinds=("model",))),
        ("kind:model,dataset kind:api", Filters(kinds=("model", "dataset", "api"))),
        ('task:"image  Classification"', Filters(tasks=("image classification",))),
        ("license:mit licence:Apache-2.0", Filters(licences=("mit", "apache-2.0"))),
        ('tag:a tag:b,"c d"', Filters(tags=("a", "b", "c d"))),
        ("owner:acme framework:onnx hardware=gpu", Filters(
            owners=("acme",), frameworks=("onnx",), hardware=("gpu",)
        )),
        ("region:eu region:Asia", Filters(regions=("eu", "as"))),
        ("-kind:api -tag:x,y", Filters(without=(("kind", "api"), ("tag", "x"), ("tag", "y")))),
        ("price:<10", Filters(price_max_minor=999)),
        ("price:<=10", Filters(price_max_minor=1000)),
        ("price>9.999", Filters(price_min_minor=1000)),
        ("price:5..20", Filters(price_min_minor=500, price_max_minor=2000)),
        ("price:5.. price:..20", Filters(price_min_minor=500, price_max_minor=2000)),
        ("price:free", Filters(price_min_minor=0, price_max_minor=0)),
        ("price:<10eur", Filters(price_max_minor=999, currency="EUR")),
        ("price:<€10", Filters(price_max_minor=999, currency="EUR")),
        ("price:<1 currency:eth", Filters(price_max_minor=10**9 - 1, currency="ETH")),
        ("price:>=1matic", Filters(price_min_minor=10**9, currency="POL")),
        ("rating:>=4", Filters(rating_milli=Between(4000, None))),
        ("rating:>4 rating:<4.5", Filters(rating_milli=Between(4001, 4499))),
        ("accuracy:>0.9", Filters(accuracy_ppm=Between(900_001, None))),
        ("accuracy:>=90%", Filters(accuracy_ppm=Between(900_000, None))),
        ("latency:<50", Filters(latency_us=Between(None, 49_999))),
        ("latency:1..2s", Filters(latency_us=Between(10**6, 2 * 10**6))),
        ("size:<2gb", Filters(size_bytes=Between(None, 2 * GB - 1))),
        ("size:<=1gib", Filters(size_bytes=Between(None, 2**30))),
        ("min_memory_gb=16", Filters(memory_mb=Between(None, 16_000))),
        ("memory:16gb", Filters(memory_mb=Between(None, 16_000))),
        ("min_memory_gb:>8", Filters(memory_mb=Between(8001, None))),
        ("downloads:>=1k", Filters(downloads=Between(1000, None))),
        ("published:1970-01-02", Filters(published_ms=Between(DAY, 2 * DAY - 1))),
        ("published:1970..1970-02", Filters(published_ms=Between(0, 59 * DAY - 1))),
        ("published:>1970", Filters(published_ms=Between(365 * DAY, None))),
    ],
)  # fmt: skip
def test_filters_are_read(typed: str, expected: Filters) -> None:
    query = read(typed)
    assert query.filters == expected
    assert query.text == ""


@pytest.mark.parametrize(
    "typed",
    [
        'plain words "exact words" -unwanted',
        "http://example.org 10:30 std::sort k=5 a<b c:x",
        "Note: this is no field",
        '"kind:castle" -"price:<x"',
        "price kind task",
        '" lonely quote',
        "🙂 مرحبا שלום العربية",
        "",
    ],
)
def test_what_is_no_filter_stays_as_it_is(typed: str) -> None:
    query = read(typed)
    assert query == Query(text=" ".join(typed.split()), filters=Filters())


def test_filters_are_cut_out_and_say_where_they_stood() -> None:
    typed = '🙂 digit kind:model,dataset reader price:<10 "exact words" -tag:x'
    query = read(typed)
    assert query.text == '🙂 digit reader "exact words"'
    shown = [(one.field, one.op, one.value, one.negated) for one in query.parts]
    assert shown == [
        ("kind", ":", "model, dataset", False),
        ("price", "<", "10 USD", False),
        ("tag", ":", "x", True),
    ]
    assert [typed[one.start : one.end] for one in query.parts] == [
        "kind:model,dataset",
        "price:<10",
        "-tag:x",
    ]


def test_prices_are_shown_in_the_currency_named_later() -> None:
    query = read("price:<1.50 price:free price:..20 currency:eur")
    assert [part.value for part in query.parts] == ["1.5 EUR", "0 EUR", "..20 EUR", "EUR"]


@pytest.mark.parametrize(
    ("typed", "at", "says", "suggestion"),
    [
        ("digit taks:x", "taks", "did you mean task:?", "digit task:x"),
        ("licens:mit", "licens", "did you mean licence:?", "licence:mit"),
        ("qqqq:x", "qqqq", "quote them", None),
        ("pric<10", "pric", "did you mean price:?", "price<10"),
        ("kind:modle", "modle", "did you mean model?", "kind:model"),
        ("kind:castle", "castle", "it is one of model", None),
        ("region:mars", "mars", "it is one of af", None),
        ("kind: model", "kind:", "right after it", None),
        ("price:", "price:", "right after it", None),
        ('tag:"a b', '"a', "not closed", None),
        ('tag:"a"b', "b", "space after", None),
        ("tag:a,,b", None, "right after it", None),
        ("kind:<model", ":<", "not a comparison", None),
        ("-price:<10", "-", "turn it round", None),
        ("price:cheap", "cheap", "is no price", None),
        ("price:<10xyz", "10xyz", "no currency", None),
        ("price:<1,000", "1,", "without commas", None),
        ("price:20..5", "20..5", "lower end first", None),
        ("price:..", "..", "at least one end", None),
        ("price:>99999999999999", "99999999999999", "price is above", None),
        ("price:<999999999 currency:eth", "999999999", "price is above", None),
        ("price:<10eur price:>5usd", "5usd", "one currency", None),
        ("accuracy:>nan", "nan", "is no number", None),
        ("latency:<inf", "inf", "is no number", None),
        ("accuracy:>90", "90", "between 0 and 1", None),
        ("rating:>6", "6", "between 0 and 5", None),
        ("size:<2parsec", "2parsec", "knows no unit", None),
        ("latency:<-5", "-5", "is no number", None),
        ("size:<999999999tb", "999999999tb", "at most", None),
        ("published:>2026-02-30", "2026-02-30", "no day", None),
        ("published:>9999", "9999", "ates run", None),
        ("published:soon", "soon", "is no date", None),
        ("a\x00b", "\x00", "control character U+0000", None),
    ],
)
def test_mistakes_are_pointed_at(
    typed: str, at: str | None, says: str, suggestion: str | None
) -> None:
    with pytest.raises(QueryInvalid) as raised:
        read(typed)
    error = raised.value
    assert says in error.detail
    assert error.suggestion == suggestion
    if at is not None:
        assert typed[error.position : error.position + error.length] == at
    assert error.status == 400


def test_limits_are_said() -> None:
    with pytest.raises(QueryInvalid, match=r"10,000") as raised:
        read("x" * 10_000)
    assert (raised.value.position, raised.value.length) == (MAX_QUERY, 10_000 - MAX_QUERY)
    with pytest.raises(QueryInvalid, match="at most 30 filters"):
        read("tag:a " * 31)
    with pytest.raises(QueryInvalid, match="at most 20 values"):
        read("tag:" + ",".join("a" * 21))


PIECES = st.sampled_from(
    [
        *FIELDS,
        "-",
        ":",
        "<",
        ">",
        "=",
        "..",
        ",",
        '"',
        " ",
        "10",
        "eur",
        "🙂",
        "ش",
        "\u202e",
        "\x00",
    ]
)


@given(st.text(max_size=1_200) | st.lists(PIECES, max_size=40).map("".join))
@example("𝟙" * 10)
@example("price:<١٠")
@example("min_memory_gb=" + "9" * 18 + "." + "9" * 9)
def test_any_text_is_read_or_pointed_at(typed: str) -> None:
    try:
        query = read(typed)
    except QueryInvalid as error:
        assert 0 <= error.position <= len(typed)
        assert 1 <= error.length <= len(typed) - error.position
        assert error.detail.endswith((".", "?"))
        return
    at = 0
    for part in query.parts:
        assert at <= part.start < part.end <= len(typed)
        at = part.end
    assert read(query.text).filters == Filters(), "no filter is left among the words"


@given(st.lists(st.sampled_from(["kind:model", "price:<10", "tag:a", "words", '"two words"'])))
def test_a_filter_cut_out_leaves_the_others(parts: list[str]) -> None:
    typed = " ".join(parts)
    for part in read(typed).parts:
        rest = f"{typed[: part.start]}{typed[part.end :]}"
        assert len(read(rest).parts) == len(read(typed).parts) - 1


def test_chosen_filters_join_the_typed_ones() -> None:
    typed = read("kind:model price:<10 rating:>=3").filters
    chosen = Filters(
        kinds=("api", "model"),
        tags=("Vision",),
        price_min_minor=500,
        rating_milli=Between(4000, None),
    )
    assert joined(typed, chosen) == Filters(
        kinds=("model", "api"),
        tags=("vision",),
        price_min_minor=500,
        price_max_minor=999,
        rating_milli=Between(4000, None),
    )
