"""The rules of evaluations: which metrics can be re-run, and when one is as claimed."""

import math
from collections.abc import Collection, Sequence
from typing import Final, Literal

import msgspec

from souk_client.contracts.works import Metric

Task = Literal["classification", "regression"]
Measure = Literal["accuracy", "macro_f1", "r2", "mae", "rmse"]
Verdict = Literal["verified", "differs"]

TASK_OF: Final[dict[Measure, Task]] = {
    "accuracy": "classification",
    "macro_f1": "classification",
    "r2": "regression",
    "mae": "regression",
    "rmse": "regression",
}
TABLE_FORMATS: Final = {".csv": "csv", ".parquet": "parquet"}
"""Endings of files that a model is run on, and how they are read."""
_NAMES: Final[dict[str, Measure]] = {
    "accuracy": "accuracy",
    "acc": "accuracy",
    "f1": "macro_f1",
    "macro f1": "macro_f1",
    "f1 macro": "macro_f1",
    "r2": "r2",
    "r²": "r2",
    "r squared": "r2",
    "mae": "mae",
    "mean absolute error": "mae",
    "rmse": "rmse",
    "root mean squared error": "rmse",
}
SHARE_TOLERANCE: Final = 0.005
"""How far a share (accuracy, F1, R²) may be from the claim."""
ERROR_TOLERANCE: Final = 0.01
"""How far an error (MAE, RMSE) may be from the claim, as a part of the claim."""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A metric that a listing claims and that can be re-run."""

    name: str
    measure: Measure
    value: float
    """As it stands on the listing."""
    unit: str = ""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A claim, and what came out."""

    name: str
    measure: Measure
    claimed: float
    value: float
    """In the unit of the claim."""
    tolerance: float
    """How far the two may be apart, in the same unit."""
    verdict: Verdict
    unit: str = ""


def measure_of(name: str) -> Measure | None:
    """What a metric's name stands for, when it can be re-run."""
    plain = " ".join(name.casefold().replace("_", " ").replace("-", " ").split())
    return _NAMES.get(plain)


def claims_of(metrics: Sequence[Metric], *, task: Task) -> list[Claim]:
    """The metrics of a listing that can be re-run for this task, each name once."""
    claims: dict[str, Claim] = {}
    for metric in metrics:
        measure = measure_of(metric.name)
        if measure is not None and TASK_OF[measure] == task:
            claims.setdefault(
                metric.name,
                Claim(
                    name=metric.name,
                    measure=measure,
                    value=metric.value,
                    unit=metric.unit,
                ),
            )
    return list(claims.values())


def task_of(metrics: Sequence[Metric]) -> Task | None:
    """The task that the first metric which can be re-run belongs to."""
    found = (measure_of(metric.name) for metric in metrics)
    return next((TASK_OF[measure] for measure in found if measure is not None), None)


def compare(claim: Claim, measured: float) -> Result:
    """What came out against what was claimed; a claim in percent is compared in percent."""
    percent = 100.0 if claim.unit.strip() == "%" and claim.measure not in {"mae", "rmse"} else 1.0
    value = measured * percent
    is_error = claim.measure in {"mae", "rmse"}
    tolerance = abs(claim.value) * ERROR_TOLERANCE if is_error else SHARE_TOLERANCE * percent
    is_near = math.isfinite(value) and abs(value - claim.value) <= tolerance + 1e-12
    return Result(
        name=claim.name,
        measure=claim.measure,
        claimed=claim.value,
        value=value,
        tolerance=tolerance,
        verdict="verified" if is_near else "differs",
        unit=claim.unit,
    )


def still_holds(result: Result, metric: Metric) -> bool:
    """Whether a result is about the metric as it stands on the listing now."""
    return (
        result.verdict == "verified"
        and result.name == metric.name
        and result.claimed == metric.value
        and result.unit == metric.unit
    )


def plain_log(text: str, *, limit: int = 8000) -> str:
    """The end of a log, without what a terminal or a database would stumble over."""
    kept = "".join(sign for sign in text if sign.isprintable() or sign in "\n\t")
    return kept[-limit:]


def table_format(path: str) -> str | None:
    """How a file of this name is read; None when it is no table."""
    return next(
        (name for ending, name in TABLE_FORMATS.items() if path.lower().endswith(ending)), None
    )


def choose_file(
    paths: Collection[str], *, ending: str | tuple[str, ...], wanted: str | None
) -> str | None:
    """The named path, else the only one with this ending; None when it is not to be had."""
    if wanted is not None:
        return wanted if wanted in paths else None
    fitting = [path for path in paths if path.lower().endswith(ending)]
    return fitting[0] if len(fitting) == 1 else None
