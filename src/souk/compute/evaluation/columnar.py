"""Reading the same table out of a Parquet file."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from souk.compute.evaluation.tables import MAX_COLUMNS, Gathering, Limits, Table, TableUnfit, Wanted

_BATCH: Final = 4096


def read_parquet(
    path: Path,
    *,
    target: str,
    rows: Sequence[int] | None,
    wanted: Wanted,
    limits: Limits,
) -> Table:
    """As `tables.read_csv`. Columns are numbers, truth values, or text (plain or dictionary).

    Raises:
        TableUnfit: it is no Parquet, a column is of another type, or as `read_csv` says.
    """
    # its own allocators reserve more address space than a limited process has
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    import pyarrow  # noqa: PLC0415  # heavy, only for this format
    from pyarrow import parquet  # noqa: PLC0415

    try:
        with parquet.ParquetFile(path, memory_map=False, pre_buffer=False) as file:
            _check(file, limits=limits, all_rows=rows is None)
            header = [str(name) for name in file.schema_arrow.names]
            gathering = Gathering(header, target=target, rows=rows, wanted=wanted, limits=limits)
            for batch in file.iter_batches(batch_size=_BATCH, use_threads=False):
                columns = [column.to_pylist() for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    gathering.add(cells)
    except (pyarrow.ArrowException, OSError) as error:
        words = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise TableUnfit(f"the table is no Parquet that can be read: {words}") from error
    return gathering.table()


def _check(file: Any, *, limits: Limits, all_rows: bool) -> None:
    from pyarrow import types  # noqa: PLC0415

    metadata = file.metadata
    if metadata.num_columns > MAX_COLUMNS:
        raise TableUnfit(f"it has more than {MAX_COLUMNS} columns")
    # before anything is unpacked: few bytes may stand for very many rows
    most = limits.max_rows if all_rows else limits.max_cells
    if metadata.num_rows > most or metadata.num_rows * metadata.num_columns > limits.max_cells:
        raise TableUnfit(f"it has more than {limits.max_rows} rows or {limits.max_cells} cells")
    for field in file.schema_arrow:
        kind = field.type.value_type if types.is_dictionary(field.type) else field.type
        if not (
            types.is_integer(kind)
            or types.is_floating(kind)
            or types.is_decimal(kind)
            or types.is_boolean(kind)
            or types.is_string(kind)
            or types.is_large_string(kind)
        ):
            raise TableUnfit(
                f"column {field.name[:40]!r} holds {str(field.type)[:80]}; only numbers, truth "
                "values and text are read"
            )
