"""Parquet as CSV is read: the same table, and plain words about what is none."""

import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from souk.compute.evaluation.columnar import read_parquet
from souk.compute.evaluation.tables import Limits, TableUnfit, Wanted, read_csv

SMALL = Limits(10, 1000)


def written(folder: Path, columns: dict[str, Any]) -> Path:
    path = folder / "data.parquet"
    parquet.write_table(pa.table(columns), path)
    return path


def read(path: Path, *, rows: list[int] | None = None, wanted: Wanted | None = None) -> Any:
    return read_parquet(path, target="label", rows=rows, wanted=wanted or Wanted(), limits=SMALL)


def test_numbers_truth_values_and_words_are_read(tmp_path: Path) -> None:
    columns = {
        "a": pa.array([1, 2, 3], pa.int8()),
        "b": pa.array([0.5, 1.5, 2.5]),
        "c": pa.array([True, False, True]),
        "colour": pa.array(["red", "blue", "red"]).dictionary_encode(),
        "label": pa.array(["dog", "cat", "dog"]),
    }
    path = written(tmp_path, columns)
    found = read(path, wanted=Wanted(frozenset({"b", "c", "colour"}), frozenset({"colour"})))
    assert found.columns == ["b", "c"]
    assert found.features.tolist() == [[0.5, 1.0], [1.5, 0.0], [2.5, 1.0]]
    assert found.texts == {"colour": ["red", "blue", "red"]}
    assert (found.labels, found.classes) == (["dog", "cat", "dog"], ["cat", "dog"])
    assert read(path, rows=[1], wanted=Wanted(frozenset({"a"}))).labels == ["cat"]
    with pytest.raises(TableUnfit, match="'red' in row 0, column 'colour', is no number"):
        read(path)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"a": [1], "other": [2]}, "no column 'label'"),
        ({"a": [[1, 2]], "label": [0]}, "column 'a' holds list"),
        ({"a": [b"x"], "label": [0]}, "column 'a' holds binary"),
        ({"a": [datetime.date(2026, 1, 1)], "label": [0]}, "column 'a' holds date32"),
        ({"a": [1, None], "label": [0, 1]}, "'None' in row 1, column 'a', is no number"),
        ({"a": [1, 2], "label": ["x", None]}, "row 1 has an empty cell"),
        ({"a": [float("inf")], "label": [0]}, "does not fit 32 bits"),
        ({"a": list(range(11)), "label": [0] * 11}, "more than 10 rows"),
        ({"a": pa.array([], pa.int8()), "label": pa.array([], pa.int8())}, "no rows"),
        ({"a": [1], "label": ["x" * 2000]}, "over 1000 letters"),
    ],
)
def test_what_does_not_fit_is_said(tmp_path: Path, columns: dict[str, Any], words: str) -> None:
    with pytest.raises(TableUnfit, match=words):
        read(written(tmp_path, columns))


@pytest.mark.parametrize("content", [b"", b"PAR1", b"a,label\n1,2\n", b"PAR1" * 40])
def test_what_is_no_parquet_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data.parquet"
    path.write_bytes(content)
    with pytest.raises(TableUnfit, match="no Parquet"):
        read(path)


def test_very_many_rows_in_few_bytes_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    count = 2_000_000
    path = written(tmp_path, {"a": np.zeros(count, np.int8), "label": np.zeros(count, np.int8)})
    assert path.stat().st_size < 100_000
    with pytest.raises(TableUnfit, match="more than 10 rows"):
        read(path)


@given(
    st.lists(
        st.tuples(
            st.floats(-1e6, 1e6, width=32), st.integers(-9, 9), st.sampled_from(["x", "y", "3"])
        ),
        min_size=1,
        max_size=10,
    )
)
def test_both_formats_give_the_same_table(rows: list[tuple[float, int, str]]) -> None:
    with TemporaryDirectory() as folder:  # hypothesis and tmp_path do not go together
        text = "".join(f"{a!r},{b},{label}\n" for a, b, label in rows)
        Path(folder, "data.csv").write_text(f"a,b,label\n{text}")
        a, b, label = (list(column) for column in zip(*rows, strict=True))
        path = written(Path(folder), {"a": a, "b": b, "label": label})
        other = read_csv(
            Path(folder, "data.csv"), target="label", rows=None, wanted=Wanted(), limits=SMALL
        )
        found = read(path)
    assert found.features.tolist() == other.features.tolist()
    assert found._replace(features=None) == other._replace(features=None)  # type: ignore[arg-type]
