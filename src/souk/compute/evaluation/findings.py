"""What the parent tells the child that runs a model, and what it hears back."""

import msgspec


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to run. Paths are absolute."""

    model: str
    data: str
    format: str = "csv"
    """`csv` or `parquet`."""
    rows: str | None
    target: str
    task: str
    max_rows: int
    max_cells: int


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What came out."""

    values: dict[str, float] = {}
    """By measure: accuracy and macro_f1, or r2, mae and rmse."""
    row_count: int = 0
    problem: str = ""
    environment: dict[str, str] = {}
