"""Which metrics can be re-run, when one is as claimed, and what is measured."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from souk.compute.evaluation.measures import canonical, classification, predicted_labels, regression
from souk.compute.evaluation.model import (
    Claim,
    claims_of,
    compare,
    measure_of,
    plain_log,
    still_holds,
    task_of,
)
from souk.compute.evaluation.tables import Limits, TableUnfit, Wanted, read_csv, read_rows
from souk_client.contracts.works import Metric

SMALL = Limits(10, 1000)


@pytest.mark.parametrize(
    ("name", "measure"),
    [
        ("accuracy", "accuracy"),
        ("Accuracy", "accuracy"),
        ("macro F1", "macro_f1"),
        ("F1_macro", "macro_f1"),
        ("R²", "r2"),
        ("r_squared", "r2"),
        ("mean absolute error", "mae"),
        ("RMSE", "rmse"),
        ("ROC AUC", None),
        ("my accuracy, honestly", None),
    ],
)
def test_names_of_metrics(name: str, measure: str | None) -> None:
    assert measure_of(name) == measure


def test_claims_are_those_of_the_task_each_once() -> None:
    metrics = [
        Metric(name="ROC AUC", value=0.9),
        Metric(name="accuracy", value=0.9),
        Metric(name="accuracy", value=0.99),
        Metric(name="MAE", value=3.0),
    ]
    assert task_of(metrics) == "classification"
    assert [(one.name, one.value) for one in claims_of(metrics, task="classification")] == [
        ("accuracy", 0.9)
    ]
    assert [one.name for one in claims_of(metrics, task="regression")] == ["MAE"]
    assert task_of(metrics[:1]) is None


@pytest.mark.parametrize(
    ("measure", "unit", "claimed", "measured", "verdict"),
    [
        ("accuracy", "", 0.9, 0.9, "verified"),
        ("accuracy", "", 0.9, 0.905, "verified"),
        ("accuracy", "", 0.9, 0.894, "differs"),
        ("accuracy", "", 0.9, 0.95, "differs"),
        ("accuracy", "%", 90.0, 0.903, "verified"),
        ("accuracy", "", 90.0, 0.9, "differs"),
        ("mae", "mm", 40.0, 40.4, "verified"),
        ("mae", "%", 40.0, 40.0, "verified"),
        ("mae", "mm", 40.0, 40.5, "differs"),
        ("mae", "", 0.0, 0.1, "differs"),
        ("r2", "", 0.5, float("nan"), "differs"),
    ],
)
def test_when_a_figure_is_as_claimed(
    measure: str, unit: str, claimed: float, measured: float, verdict: str
) -> None:
    claim = Claim(name="x", measure=measure, value=claimed, unit=unit)  # type: ignore[arg-type]
    assert compare(claim, measured).verdict == verdict


def test_another_figure_on_the_listing_is_no_longer_verified() -> None:
    claim = Claim(name="accuracy", measure="accuracy", value=0.9)
    result = compare(claim, 0.9)
    assert still_holds(result, Metric(name="accuracy", value=0.9))
    assert not still_holds(result, Metric(name="accuracy", value=0.901))
    assert not still_holds(result, Metric(name="accuracy", value=0.9, unit="%"))
    assert not still_holds(compare(claim, 0.5), Metric(name="accuracy", value=0.9))


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60))
def test_classification_is_as_scikit_learn_has_it(pairs: Sequence[tuple[int, int]]) -> None:
    truth, guess = [str(t) for t, _ in pairs], [str(g) for _, g in pairs]
    found = classification(guess, truth)
    assert found["accuracy"] == pytest.approx(sklearn_metrics.accuracy_score(truth, guess))
    expected = sklearn_metrics.f1_score(
        truth, guess, average="macro", labels=sorted(set(truth)), zero_division=0
    )
    assert found["macro_f1"] == pytest.approx(expected)


@given(
    st.lists(
        st.tuples(st.floats(-1e4, 1e4, width=32), st.floats(-1e4, 1e4, width=32)),
        min_size=2,
        max_size=60,
    )
)
def test_regression_is_as_scikit_learn_has_it(pairs: Sequence[tuple[float, float]]) -> None:
    truth, guess = [t for t, _ in pairs], np.asarray([g for _, g in pairs])
    found = regression(guess, [repr(t) for t in truth])
    assert found["mae"] == pytest.approx(sklearn_metrics.mean_absolute_error(truth, guess))
    spread = float(((np.asarray(truth) - np.mean(truth)) ** 2).sum())
    if spread > 1e-6:
        expected = sklearn_metrics.r2_score(truth, guess)
        assert found["r2"] == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_scores_stand_for_the_words_in_their_order() -> None:
    scores = [np.array([[0.1, 0.9], [0.8, 0.2]], dtype=np.float32)]
    assert predicted_labels(scores, 2, classes=["cat", "dog"]) == ["dog", "cat"]
    assert predicted_labels(scores, 2, classes=["0", "1"]) == ["1", "0"]
    with pytest.raises(TableUnfit, match="which score is which cannot be told"):
        predicted_labels(scores, 2, classes=["cat", "dog", "eel"])


def test_labels_in_other_spellings_are_the_same() -> None:
    assert canonical("1") == canonical("1.0") == canonical(1) == canonical(" 1 ")
    assert canonical("cat") == canonical(b"cat")
    assert canonical("nan") == "nan"
    assert predicted_labels([np.array([[0.1, 0.9], [0.8, 0.2]], dtype=np.float32)], 2) == ["1", "0"]
    with pytest.raises(TableUnfit):
        predicted_labels([np.zeros(3, dtype=np.float32)], 2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column"),
        ("a,b\n1,2\n", "no column"),
        ("label\n1\n", "no column"),
        ("a,a,label\n1,2,3\n", "names a column twice"),
        ("a,label\n", "no rows"),
        ("a,label\n1\n", "row 0 has 1 cells"),
        ("a,label\n1,0\nx,0\n", "'x' in row 1"),
        ("a,label\nnan,0\n", "does not fit"),
        ("a,label\n1e40,0\n", "does not fit"),
        ("a,label\n" + "1,0\n" * 11, "more than 10 rows"),
        ("a,label\n" + "1" * 5000 + ",0\n", "no CSV"),
    ],
)
def test_tables_that_do_not_fit(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text(text)
    with pytest.raises(TableUnfit, match=words):
        read_csv(path, target="label", rows=None, wanted=Wanted(), limits=SMALL)


def test_a_table_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(b"a,label\n\xff\xfe,1\n")
    with pytest.raises(TableUnfit, match="UTF-8"):
        read_csv(path, target="label", rows=None, wanted=Wanted(), limits=SMALL)


def test_only_the_named_rows_are_read(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,label\n10,x\n11,y\n12,z\n")
    found = read_csv(path, target="label", rows=[2, 0], wanted=Wanted(), limits=SMALL)
    assert (found.columns, found.labels) == (["a"], ["x", "z"])
    assert found.features.tolist() == [[10.0], [12.0]]
    with pytest.raises(TableUnfit, match="row 7"):
        read_csv(path, target="label", rows=[7], wanted=Wanted(), limits=SMALL)


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "[-1]", "[1, 1]", '["a"]', "[1.5]", "[1, 2, 3, 4, 5, 6]", '{"rows": 3}'],
)
def test_row_numbers_that_are_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rows.json"
    path.write_text(text)
    with pytest.raises(TableUnfit):
        read_rows(path, limit=5)


def test_row_numbers(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text('{"rows": [3, 1], "seed": 5}')
    assert read_rows(path, limit=5) == [3, 1]


def test_a_log_is_kept_short_and_plain() -> None:
    assert plain_log("a\0b\x1b[31mc\nd") == "ab[31mc\nd"
    assert len(plain_log("x" * 99_999)) == 8000
