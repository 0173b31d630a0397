"""Reading a table of numbers with a label column, out of CSV that nobody vouches for."""

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

MAX_COLUMNS: Final = 20_000
MAX_FIELD_CHARACTERS: Final = 1_000


class TableUnfit(Exception):
    """The message says what is wrong with the table, and in which row."""


class Table(NamedTuple):
    """The features in the order of the file, and the label of each row as it was written."""

    columns: list[str]
    features: NDArray[np.float32]
    labels: list[str]


def read_table(
    path: Path, *, target: str, rows: Sequence[int] | None, max_rows: int, max_cells: int
) -> Table:
    """The rows of a CSV file with a header, or those of these numbers (the first is 0).

    Raises:
        TableUnfit: there is no such column, a cell is no number, or it is too large.
    """
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read(
                csv.reader(file), target=target, rows=rows, max_rows=max_rows, max_cells=max_cells
            )
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableUnfit(f"the table is no CSV in UTF-8: {error}") from error


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


def _read(
    lines: Iterator[list[str]],
    *,
    target: str,
    rows: Sequence[int] | None,
    max_rows: int,
    max_cells: int,
) -> Table:
    header = [name.strip() for name in next(lines, [])]
    if len(header) > MAX_COLUMNS or len(set(header)) != len(header):
        raise TableUnfit(f"the header names a column twice, or more than {MAX_COLUMNS}")
    if target not in header or len(header) < 2:
        raise TableUnfit(f"the table has no column {target!r} beside features")
    at = header.index(target)
    wanted = None if rows is None else frozenset(rows)
    values: list[list[float]] = []
    labels: list[str] = []
    number = -1
    for number, line in enumerate(_full(lines)):
        if wanted is not None and number not in wanted:
            continue
        if len(values) >= max_rows or (len(values) + 1) * len(header) > max_cells:
            raise TableUnfit(f"it has more than {max_rows} rows or {max_cells} cells")
        if len(line) != len(header):
            raise TableUnfit(f"row {number} has {len(line)} cells, the header {len(header)}")
        labels.append(line[at].strip())
        values.append([_number(cell, number) for place, cell in enumerate(line) if place != at])
    if wanted is not None and len(values) != len(wanted):
        raise TableUnfit(f"row {max(wanted)} was asked for, and the last one is {number}")
    if not values:
        raise TableUnfit("the table has no rows")
    columns = [name for name in header if name != target]
    return Table(columns, np.asarray(values, dtype=np.float32), labels)


def _full(lines: Iterator[list[str]]) -> Iterator[list[str]]:
    return (line for line in lines if line)


def _number(cell: str, row: int) -> float:
    try:
        value = float(cell)
    except ValueError:
        raise TableUnfit(f"{cell[:40]!r} in row {row} is no number") from None
    if not math.isfinite(value) or abs(value) > 3e38:
        raise TableUnfit(f"{cell[:40]!r} in row {row} does not fit 32 bits")
    return value
