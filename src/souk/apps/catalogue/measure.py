"""Held-out metrics with bootstrap intervals (percentile method, Efron and Tibshirani 1993)."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, rankdata

from souk.apps.catalogue.manifest import Metric

RESAMPLES: Final = 2_000
INTERVAL_PERCENTILES: Final = (2.5, 97.5)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Statistic = Callable[[Ints], Floats]
"""Takes rows of sample indices, gives one number a row."""


def classification_metrics(truth: Ints, predicted: Ints, *, split: str, seed: int) -> list[Metric]:
    """Accuracy and macro-averaged F1 (the plain mean of each class's F1)."""
    classes = np.unique(truth)

    def accuracy(rows: Ints) -> Floats:
        return np.asarray((truth[rows] == predicted[rows]).mean(axis=1))

    def macro_f1(rows: Ints) -> Floats:
        true, guess = truth[rows], predicted[rows]
        scores = []
        for label in classes:
            hits = ((true == label) & (guess == label)).sum(axis=1)
            named = (true == label).sum(axis=1) + (guess == label).sum(axis=1)
            scores.append(np.divide(2 * hits, named, out=np.zeros(len(rows)), where=named > 0))
        return np.asarray(np.mean(scores, axis=0))

    count = len(truth)
    return [
        _with_interval("accuracy", accuracy, count=count, split=split, seed=seed),
        _with_interval("macro F1", macro_f1, count=count, split=split, seed=seed),
    ]


def detection_metrics(
    positive: NDArray[np.bool_],
    scores: Floats,
    flagged: NDArray[np.bool_],
    *,
    split: str,
    seed: int,
) -> list[Metric]:
    """For two classes: area under the ROC curve (ties count half), recall of the positive one."""

    def roc_auc(rows: Ints) -> Floats:
        mask = positive[rows]
        wanted = mask.sum(axis=1)
        ranks = np.where(mask, rankdata(scores[rows], axis=1), 0.0).sum(axis=1)
        return np.asarray((ranks - wanted * (wanted + 1) / 2) / (wanted * (len(scores) - wanted)))

    def recall(rows: Ints) -> Floats:
        mask = positive[rows]
        return np.asarray((mask & flagged[rows]).sum(axis=1) / mask.sum(axis=1))

    count = len(scores)
    return [
        _with_interval("ROC AUC", roc_auc, count=count, split=split, seed=seed),
        _with_interval("recall of malignant", recall, count=count, split=split, seed=seed),
    ]


def regression_metrics(truth: Floats, predicted: Floats, *, split: str, seed: int) -> list[Metric]:
    """R², mean absolute error and root mean squared error, the errors in the target's unit."""
    error = predicted - truth

    def r_squared(rows: Ints) -> Floats:
        true = truth[rows]
        spread = ((true - true.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        return np.asarray(1 - (error[rows] ** 2).sum(axis=1) / spread)

    def mean_absolute(rows: Ints) -> Floats:
        return np.asarray(np.abs(error[rows]).mean(axis=1))

    def root_mean_squared(rows: Ints) -> Floats:
        return np.asarray(np.sqrt((error[rows] ** 2).mean(axis=1)))

    def interval(name: str, statistic: Statistic, *, higher_is_better: bool) -> Metric:
        return _with_interval(
            name,
            statistic,
            count=len(truth),
            split=split,
            seed=seed,
            higher_is_better=higher_is_better,
        )

    return [
        interval("R²", r_squared, higher_is_better=True),
        interval("mean absolute error", mean_absolute, higher_is_better=False),
        interval("root mean squared error", root_mean_squared, higher_is_better=False),
    ]


def exact_lower_bound(successes: int, trials: int) -> float:
    """The lower end of the exact (Clopper–Pearson) 95 % interval of a proportion.

    A bootstrap of a perfect score never sees a miss; this bound says what so few rows can show.
    """
    return float(binomtest(successes, trials).proportion_ci(0.95, method="exact").low)


def _with_interval(
    name: str,
    statistic: Statistic,
    *,
    count: int,
    split: str,
    seed: int,
    higher_is_better: bool = True,
) -> Metric:
    rows = np.random.default_rng(seed).integers(count, size=(RESAMPLES, count))
    low, high = np.percentile(statistic(rows), INTERVAL_PERCENTILES)
    value = statistic(np.arange(count)[np.newaxis])[0]
    return Metric(
        name=name,
        value=round(float(value), 4),
        low=round(float(low), 4),
        high=round(float(high), 4),
        split=split,
        sample_count=count,
        higher_is_better=higher_is_better,
    )
