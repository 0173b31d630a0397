"""Writes a dataset as Parquet and CSV, with a data dictionary, its card and its licence."""

import csv
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
from numpy.typing import NDArray

from souk.apps.catalogue.cards import licence_front_matter, write_card, write_licence
from souk.apps.catalogue.manifest import Compatibility, Work
from souk.apps.catalogue.sources import Dataset

SELLER: Final = "openshelf"


def load_table(dataset: Dataset) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Features as float32 rows, and the target as scikit-learn gives it."""
    bunch = dataset.load()
    return np.asarray(bunch.data, dtype=np.float32), np.asarray(bunch.target)


def write_dataset(root: Path, dataset: Dataset) -> Work:
    """Writes `data.parquet`, `data.csv`, `dictionary.csv`, the card and the licence."""
    folder = root / dataset.slug
    folder.mkdir()
    bunch = dataset.load()
    table = _table(dataset, bunch)
    pa_parquet.write_table(table, folder / "data.parquet", compression="zstd")
    pa_csv.write_csv(table, folder / "data.csv")
    with (folder / "dictionary.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("column", "type", "role", "meaning"))
        for column, field in zip(dataset.columns, table.schema, strict=True):
            role = "target" if column.is_target else "feature"
            writer.writerow((column.name, str(field.type), role, column.meaning))
    write_licence(folder, dataset.licence)
    _write_dataset_card(folder, dataset, table, description=str(bunch.DESCR))
    return Work(
        seller=SELLER,
        slug=dataset.slug,
        kind="dataset",
        title=dataset.title,
        summary=dataset.summary,
        licence=dataset.licence,
        tags=(*dataset.tags, "tabular", "parquet", "csv"),
        category="tabular data",
        task=dataset.tasks[0],
        version="1.0.0",
        price=None,
        metrics=(),
        compatibility=Compatibility(formats=("parquet", "csv"), libraries=("pyarrow", "pandas")),
    )


def _table(dataset: Dataset, bunch: Any) -> pa.Table:
    targets = np.asarray(bunch.target)
    targets = targets[:, np.newaxis] if targets.ndim == 1 else targets
    values = [*np.asarray(bunch.data).T, *targets.T]
    arrays = [pa.array(_narrow(value)) for value in values]
    names = [column.name for column in dataset.columns]
    return pa.table(arrays, names=names)


def _narrow(values: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers as integers: that is what they are, and they compress far better."""
    whole = values.astype(np.int64)
    return whole if np.array_equal(whole, values) else values


def _write_dataset_card(
    folder: Path, dataset: Dataset, table: pa.Table, *, description: str
) -> None:
    dictionary = "\n".join(
        f"| `{column.name}` | {'target' if column.is_target else 'feature'} | {column.meaning} |"
        for column in dataset.columns
    )
    classes = ""
    if dataset.class_names:
        listed = ", ".join(f"{number} = {name}" for number, name in enumerate(dataset.class_names))
        classes = f"\n\nThe target's classes: {listed}."
    front_matter = {
        "pretty_name": dataset.title,
        **licence_front_matter(dataset.licence),
        "language": ["en"],
        "task_categories": list(dataset.tasks),
        "tags": list(dataset.tags),
        "size_categories": ["n<1K" if table.num_rows < 1000 else "1K<n<10K"],
        "configs": [
            {"config_name": "default", "data_files": [{"split": "all", "path": "data.parquet"}]}
        ],
    }
    write_card(
        folder,
        front_matter=front_matter,
        sections=(
            f"# {dataset.title}",
            dataset.summary,
            f"{table.num_rows} rows, {len(dataset.features)} features, no missing values. There is "
            "no split: the rows are in the order of the source.",
            "## Use it\n\nIn the folder of the downloaded files:\n\n```python\n"
            "import pyarrow.parquet as parquet\n\n"
            'table = parquet.read_table("data.parquet")\n'
            f"assert table.shape == ({table.num_rows}, {table.num_columns})\n"
            "print(table.schema)\nprint(table.slice(0, 3).to_pylist())\n```",
            "## Columns\n\n| column | role | meaning |\n|---|---|---|\n" + dictionary + classes,
            f"## Origin and licence\n\nSource: {dataset.origin}\n\n{dataset.licence_note} "
            f"The text of {dataset.licence} is in `LICENSE`.\n\n"
            "The values were read from the copy that scikit-learn carries and are unchanged; only "
            "the file format and the column names are new.",
            "## Description by scikit-learn\n\nThe text below is scikit-learn's own "
            f"(BSD-3-Clause), word for word.\n\n````rst\n{description.strip()}\n````",
        ),
    )
