"""Windows of changed listings, and what is kept of a search."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from souk.discovery.alerts import model
from souk.discovery.alerts.api import FigureRange, SearchFilters, filters_of
from souk.discovery.search.api import Between
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.discovery import ParsedPart
from souk_client.contracts.works import ListingSummary

START = datetime(2026, 1, 1, tzinfo=UTC)


def summary(number: int, owner: str, after: timedelta) -> ListingSummary:
    return ListingSummary(
        id=f"lst_{number}",
        address=f"{owner}/{number}",
        owner=OwnerRef(id=owner, slug=owner, name=owner),
        kind="model" if number % 2 else "dataset",
        title="",
        summary="",
        licence=None,
        task="",
        tags=[],
        state="published",
        price_minor=None,
        currency=None,
        version=None,
        sales=0,
        downloads=0,
        updated_at=START,
        published_at=START + after,
    )


places = st.lists(
    st.tuples(st.sampled_from(["ada", "bob"]), st.integers(0, 10**6)), min_size=1, max_size=300
)


@given(places)
def test_every_listing_lies_in_one_window_of_its_seller(found: list[tuple[str, int]]) -> None:
    listings = [summary(n, who, timedelta(seconds=s)) for n, (who, s) in enumerate(found)]
    windows = model.windows(listings)
    assert sorted(known for one in windows for known in one.listing_ids) == sorted(
        one.id for one in listings
    )
    by_id = {one.id: one for one in listings}
    for window in windows:
        assert len(window.listing_ids) <= 100
        for listing_id in window.listing_ids:
            one = by_id[listing_id]
            assert one.owner.slug == window.owner and one.kind in window.kinds
            assert window.low_ms <= model.published_ms(one) <= window.high_ms


def test_an_hour_parts_two_windows() -> None:
    listings = [summary(n, "ada", timedelta(minutes=m)) for n, m in enumerate((0, 50, 100, 161))]
    assert [len(one.listing_ids) for one in model.windows(listings)] == [3, 1]


def test_a_window_of_other_kinds_or_sellers_is_not_asked() -> None:
    [window] = model.windows([summary(1, "ada", timedelta())])
    assert model.may_match(window, kinds=[], owners=[])
    assert model.may_match(window, kinds=["model", "api"], owners=["ada"])
    assert not model.may_match(window, kinds=["dataset"], owners=[])
    assert not model.may_match(window, kinds=["model"], owners=["bob"])


def test_kinds_chosen_and_written_add_up() -> None:
    written = ParsedPart(field="kind", op=":", value="model, api", start=0, end=5)
    unwanted = ParsedPart(field="kind", op=":", value="agent", negated=True, start=6, end=9)
    found = model.needed(["dataset"], [written, unwanted], "kind")
    assert found == ["api", "dataset", "model"]
    assert model.needed([], [unwanted], "kind") == []


def test_the_order_of_values_makes_no_other_search() -> None:
    one = model.normal(SearchFilters(tags=["b", "a", "a"]))
    other = model.normal(SearchFilters(tags=["a", "b"]))
    assert model.question_of("x", one) == model.question_of("x", other)
    assert model.question_of("x", one) != model.question_of("y", one)


def test_a_name_is_made_of_what_is_asked() -> None:
    assert model.name_of("  red   wine ", SearchFilters()) == "red wine"
    assert model.name_of("", SearchFilters(kinds=["model"], tags=["nlp"])) == "model, nlp"
    assert model.name_of("", SearchFilters(rating=FigureRange(low=4))) == "Works in a range"
    assert len(model.name_of("x" * 500, SearchFilters())) == 120


@given(st.floats(0, 10**6), st.floats(0, 10**6))
def test_figures_are_asked_for_in_whole_units_never_wider(low: float, high: float) -> None:
    found = filters_of(SearchFilters(latency_ms=FigureRange(low=low, high=high))).latency_us
    assert found is not None and found.low is not None and found.high is not None
    assert found.low >= round(low * 1000 - 1, 6) and found.high <= high * 1000 + 1e-6
    assert filters_of(SearchFilters(rating=FigureRange())).rating_milli is None
    half = filters_of(SearchFilters(memory_gb=FigureRange(high=0.0005)))
    assert half.memory_mb == Between(None, 0)


def test_every_word_is_needed_and_filters_stay() -> None:
    part = ParsedPart(field="kind", op=":", value="model", start=4, end=14)
    text = 'the red "old wine" -sweet classifiers'
    typed = 'the kind:model red "old wine" -sweet classifiers'
    wanted = '"red" "old wine" -sweet "classifiers" kind:model'
    assert model.strict(typed, text, [part]) == wanted
    assert model.strict("who are you", "who are you", []) == '"who" "are" "you"'
    assert model.strict("", "", []) == ""
    assert model.strict('"open wine', '"open wine', []) == '"open" "wine"'
    assert model.strict('-"bad - "', '-"bad - "', []) == '-"bad - "'


@given(st.text(max_size=900))
def test_a_strict_query_is_never_too_long(typed: str) -> None:
    assert len(model.strict(typed, typed, [])) <= 1000
