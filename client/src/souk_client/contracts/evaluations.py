"""Evaluations: metrics that the marketplace measured again itself."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from souk_client.contracts.base import Answer, Request
from souk_client.contracts.works import FilePath, Metric

Address = Annotated[
    str,
    Meta(
        pattern="^[a-z0-9][a-z0-9._-]{0,95}/[a-z0-9][a-z0-9._-]{0,95}$",
        examples=["openshelf/iris-flowers"],
    ),
]
Column = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]


EvaluationState = Literal["queued", "running", "finished", "failed"]


class EvaluationRequest(Request, frozen=True, kw_only=True):
    """Which dataset the model's current version is run on."""

    dataset: Address
    """A published dataset listing: the seller's own, a free one, or one the seller has licensed."""
    target: Column
    """The column of the labels, numbers or words; the others are features, in the file's order."""
    data_file: FilePath | None = None
    """A CSV or Parquet file of the dataset; when left out `data.csv`, `data.parquet` or the only
    one."""
    model_file: FilePath | None = None
    """An ONNX file of the model; the only one when left out."""
    rows_file: FilePath | None = None
    """A JSON file of the model's own version: the numbers of the rows that it never saw, from 0.

    Every row is used when left out.
    """
    task: Literal["classification", "regression"] | None = None
    """As the claimed metrics say when left out."""


class EvaluationResult(Answer, frozen=True, kw_only=True):
    """A claimed metric, and what came out."""

    name: str
    claimed: float
    value: float
    tolerance: float
    """How far the two may be apart to count as the same."""
    verdict: Literal["verified", "differs"]
    unit: str = ""


class EvaluatedFile(Answer, frozen=True, kw_only=True):
    """A file that was used."""

    path: str
    sha256: str


class Evaluation(Answer, frozen=True, kw_only=True):
    """A run of a model on a dataset by the marketplace."""

    id: str
    listing_id: str
    version: str
    model: EvaluatedFile
    dataset: str
    """Address of the dataset."""
    dataset_version: str
    data: EvaluatedFile
    rows: EvaluatedFile | None
    target: str
    task: Literal["classification", "regression"]
    state: EvaluationState
    results: list[EvaluationResult]
    row_count: int | None
    problem: str
    """Why nothing came out."""
    log: str
    """The end of what the run said; for the seller only."""
    environment: dict[str, str]
    """Versions of what it ran on, and whether it was cut off from the network."""
    created_at: datetime
    finished_at: datetime | None


class EvaluationList(Answer, frozen=True, kw_only=True):
    """Runs of a listing, newest first."""

    items: list[Evaluation]


class MetricVerification(Answer, frozen=True, kw_only=True):
    """That the marketplace got the same figure."""

    evaluation_id: str
    value: float
    at: datetime
    dataset: str
    row_count: int


class MeasuredMetric(Answer, frozen=True, kw_only=True):
    """A metric of a listing, and whether the marketplace got the same."""

    metric: Metric
    verified: MetricVerification | None


class MeasuredMetrics(Answer, frozen=True, kw_only=True):
    """The metrics of a listing as they stand."""

    version: str | None
    metrics: list[MeasuredMetric]
