"""Reading a table of features with a label column, out of a file that nobody vouches for.

CSV is read here, Parquet in `columnar.py`. A feature is a number, unless the model takes text.
"""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

MAX_COLUMNS: Final = 20_000
MAX_FIELD_CHARACTERS: Final = 1_000
MAX_CLASSES: Final = 10_000


class TableUnfit(Exception):
    """The message says what is wrong with the table, and in which row."""


class Limits(NamedTuple):
    """How much of a table is held at once."""

    max_rows: int
    max_cells: int


class Wanted(NamedTuple):
    """Which columns the model takes."""

    columns: frozenset[str] | None = None
    """None: all of them, in the order of the file."""
    texts: frozenset[str] = frozenset()
    """Those that it takes as text."""

    def takes(self, column: str) -> bool:
        """Whether the model takes this column."""
        return self.columns is None or column in self.columns


class Table(NamedTuple):
    """The features in the order of the file, and the label of each row as it was written."""

    columns: list[str]
    """Those of numbers."""
    features: NDArray[np.float32]
    texts: Mapping[str, list[str]]
    """Features that the model takes as text, by column."""
    labels: list[str]
    classes: list[str]
    """Every label of the whole file, sorted; also of rows that were not asked for."""


class Gathering:
    """A table that grows row by row, within its limits."""

    def __init__(
        self,
        header: Sequence[str],
        *,
        target: str,
        rows: Sequence[int] | None,
        wanted: Wanted,
        limits: Limits,
    ) -> None:
        if len(header) > MAX_COLUMNS or len(set(header)) != len(header):
            raise TableUnfit(f"the header names a column twice, or more than {MAX_COLUMNS}")
        if target not in header or len(header) < 2:
            raise TableUnfit(f"the table has no column {target!r} beside features")
        self._width = len(header)
        self._target = header.index(target)
        self._numbers = [
            (place, name)
            for place, name in enumerate(header)
            if name != target and wanted.takes(name) and name not in wanted.texts
        ]
        self._texts: dict[str, tuple[int, list[str]]] = {
            name: (place, [])
            for place, name in enumerate(header)
            if name in wanted.texts - {target}
        }
        self._wanted = None if rows is None else frozenset(rows)
        self._limits = limits
        self._values: list[list[float]] = []
        self._labels: list[str] = []
        self._classes: set[str] = set()
        self._last = -1

    def add(self, cells: Sequence[object]) -> None:
        """The next row of the file; a cell is text, or a number already."""
        self._last += 1
        if len(cells) != self._width:
            raise TableUnfit(f"row {self._last} has {len(cells)} cells, the header {self._width}")
        label = self._text(cells[self._target])
        if len(self._classes) < MAX_CLASSES:
            self._classes.add(label)
        if self._wanted is not None and self._last not in self._wanted:
            return
        rows = len(self._labels) + 1
        if rows > self._limits.max_rows or rows * self._width > self._limits.max_cells:
            raise TableUnfit(
                f"it has more than {self._limits.max_rows} rows or {self._limits.max_cells} cells"
            )
        self._labels.append(label)
        self._values.append([self._number(cells[place], name) for place, name in self._numbers])
        for place, column in self._texts.values():
            column.append(self._text(cells[place]))

    def table(self) -> Table:
        """What came together."""
        if self._wanted is not None and len(self._labels) != len(self._wanted):
            raise TableUnfit(
                f"row {max(self._wanted)} was asked for, and the last one is {self._last}"
            )
        if not self._labels:
            raise TableUnfit("the table has no rows")
        return Table(
            columns=[name for _, name in self._numbers],
            features=np.asarray(self._values, dtype=np.float32).reshape(len(self._labels), -1),
            texts={name: column for name, (_, column) in self._texts.items()},
            labels=self._labels,
            classes=sorted(self._classes),
        )

    def _text(self, cell: object) -> str:
        if cell is None:
            raise TableUnfit(f"row {self._last} has an empty cell")
        text = str(cell).strip()
        if len(text) > MAX_FIELD_CHARACTERS:
            raise TableUnfit(f"a cell of row {self._last} is over {MAX_FIELD_CHARACTERS} letters")
        return text

    def _number(self, cell: object, column: str) -> float:
        where = f"{str(cell)[:40]!r} in row {self._last}, column {column[:40]!r},"
        try:
            value = float(cell)  # type: ignore[arg-type]  # what it is comes out by trying
        except (TypeError, ValueError):
            raise TableUnfit(
                f"{where} is no number, and the model takes no text named {column[:40]!r}"
            ) from None
        if not math.isfinite(value) or abs(value) > 3e38:
            raise TableUnfit(f"{where} does not fit 32 bits")
        return value


def read_csv(
    path: Path,
    *,
    target: str,
    rows: Sequence[int] | None,
    wanted: Wanted,
    limits: Limits,
) -> Table:
    """The rows of a CSV file with a header, or those of these numbers (the first is 0).

    Raises:
        TableUnfit: there is no such column, a cell is no number, or it is too large.
    """
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file)
            header = [name.strip() for name in next(lines, [])]
            gathering = Gathering(header, target=target, rows=rows, wanted=wanted, limits=limits)
            for line in _full(lines):
                gathering.add(line)
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableUnfit(f"the table is no CSV in UTF-8: {error}") from error
    return gathering.table()


def read_rows(path: Path, *, limit: int) -> list[int]:
    """Row numbers out of a JSON file: a list of them, or an object with such a list as `rows`.

    Raises:
        TableUnfit: it is none.
    """
    if path.stat().st_size > 16 * limit + 1024:
        raise TableUnfit("the file of row numbers is too large")
    try:
        found = msgspec.json.decode(path.read_bytes(), type=list[int] | _Rows)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise TableUnfit(f"the file of row numbers cannot be read: {error}") from error
    numbers = found if isinstance(found, list) else found.rows
    if not numbers or len(numbers) > limit or len(set(numbers)) != len(numbers) or min(numbers) < 0:
        raise TableUnfit(f"there must be 1 to {limit} different row numbers, counted from 0")
    return numbers


class _Rows(msgspec.Struct):
    rows: list[int]


def _full(lines: Iterator[list[str]]) -> Iterator[list[str]]:
    return (line for line in lines if line)
