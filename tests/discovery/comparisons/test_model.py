"""Lining listings up, and marking the best of a row."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from souk.discovery.comparisons import model
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.comparisons import ComparedCell, ComparedMoney, ComparedRow, Direction
from souk_client.contracts.works import Compatibility, Listing, Metric

NOW = datetime(2026, 1, 1, tzinfo=UTC)
numbers = st.none() | st.integers(-3, 3).map(float)


def listing(*metrics: Metric) -> Listing:
    return Listing(
        id="lst_x",
        address="ada/x",
        owner=OwnerRef(id="org_x", slug="ada", name="Ada"),
        kind="model",
        slug="x",
        title="X",
        summary="",
        card="",
        licence="MIT",
        category="",
        task="",
        tags=[],
        metrics=list(metrics),
        compatibility=Compatibility(),
        state="published",
        offers=[],
        versions=[],
        created_at=NOW,
        updated_at=NOW,
    )


def marks(row: ComparedRow) -> list[bool]:
    return [cell.best for cell in row.cells]


def accuracy(value: float, dataset: str = "") -> Metric:
    return Metric(name="Accuracy", value=value, dataset=dataset)


@given(st.lists(numbers, min_size=1, max_size=6), st.sampled_from(["lower", "higher"]))
def test_exactly_the_best_and_all_that_tie_are_marked(
    values: list[float | None], better: Direction
) -> None:
    row = model.number_row("metrics", "m", [ComparedCell(number=v) for v in values], better=better)
    known = [value for value in values if value is not None]
    if len(known) < 2:
        assert not any(marks(row))
        return
    best = max(known) if better == "higher" else min(known)
    assert marks(row) == [value == best for value in values]


@given(st.lists(numbers, min_size=1, max_size=6))
def test_a_row_without_a_better_side_marks_nothing(values: list[float | None]) -> None:
    row = model.number_row("files", "Files", [ComparedCell(number=value) for value in values])
    assert not any(marks(row))


def test_prices_of_one_currency_are_compared_and_a_missing_one_is_not_the_least() -> None:
    prices = [ComparedMoney(amount_minor=n, currency="USD") for n in (700, 300, 300)]
    assert marks(model.price_row([*prices, None])) == [False, True, True, False]


def test_prices_of_different_currencies_are_compared_only_with_a_rate() -> None:
    dollars = ComparedMoney(amount_minor=700, currency="USD")
    euros = ComparedMoney(amount_minor=650, currency="EUR")
    row = model.price_row([dollars, euros])
    assert not any(marks(row)) and "currencies" in row.unmarked
    converted = ComparedMoney(
        amount_minor=650, currency="EUR", converted_minor=750, converted_currency="USD"
    )
    same = ComparedMoney(
        amount_minor=700, currency="USD", converted_minor=700, converted_currency="USD"
    )
    row = model.price_row([same, converted])
    assert marks(row) == [True, False] and not row.unmarked


def test_what_is_free_is_the_least_in_every_currency() -> None:
    free = ComparedMoney(amount_minor=0, currency="EUR")
    assert marks(model.price_row([ComparedMoney(amount_minor=1, currency="USD"), free])) == [
        False,
        True,
    ]


def test_metrics_are_lined_up_by_name_unit_and_direction() -> None:
    slow = Metric(name="Latency", value=9, unit="ms", higher_is_better=False)
    fast = Metric(name="latency", value=3, unit="ms", higher_is_better=False)
    rows = model.metric_rows([listing(accuracy(0.9), slow), listing(fast), listing(accuracy(0.8))])
    found = {row.name: row for row in rows}
    assert [cell.number for cell in found["Accuracy"].cells] == [0.9, None, 0.8]
    assert marks(found["Accuracy"]) == [True, False, False]
    assert [cell.number for cell in found["Latency"].cells] == [9, 3, None]
    assert marks(found["Latency"]) == [False, True, False]


def test_values_of_different_data_stand_side_by_side_without_a_best() -> None:
    [row] = model.metric_rows(
        [listing(accuracy(0.9, dataset="Iris")), listing(accuracy(0.95, dataset="Digits"))]
    )
    assert not any(marks(row)) and "different data" in row.unmarked


def test_a_metric_on_several_datasets_makes_a_row_for_each() -> None:
    both = listing(accuracy(0.9, dataset="Iris"), accuracy(0.7, dataset="Digits"))
    rows = model.metric_rows([both, listing(accuracy(0.8, dataset="Digits"))])
    assert [row.name for row in rows] == ["Accuracy (Digits)", "Accuracy (Iris)"]
    assert marks(rows[0]) == [False, True]


metrics = st.builds(
    Metric,
    name=st.sampled_from(["Accuracy", "accuracy", "F1", "Size"]),
    value=st.floats(0, 1),
    unit=st.sampled_from(["", "MB"]),
    higher_is_better=st.booleans(),
    dataset=st.sampled_from(["", "Iris", "Digits"]),
)


@given(st.lists(st.lists(metrics, max_size=6), min_size=1, max_size=6))
def test_every_row_has_a_cell_for_every_listing_and_every_value_stands_somewhere(
    each: list[list[Metric]],
) -> None:
    rows = model.metric_rows([listing(*found) for found in each])
    assert all(len(row.cells) == len(each) for row in rows)
    for place, found in enumerate(each):
        shown = {row.cells[place].number for row in rows}
        assert shown - {None} <= {metric.value for metric in found}
        kept = {metric.dataset for metric in found}
        assert len(shown - {None}) >= (1 if kept else 0)
