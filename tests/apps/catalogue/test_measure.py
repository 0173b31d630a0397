"""Metrics agree with scikit-learn's, and their intervals behave like intervals."""

import numpy as np
import pytest
from sklearn import metrics as reference

from souk.apps.catalogue import measure
from souk.apps.catalogue.manifest import Metric


def _by_name(metrics: list[Metric]) -> dict[str, Metric]:
    return {metric.name: metric for metric in metrics}


def test_classification_metrics_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(4, size=300)
    predicted = np.where(rng.random(300) < 0.7, truth, rng.integers(4, size=300))
    measured = _by_name(measure.classification_metrics(truth, predicted, split="s", seed=3))
    accuracy = reference.accuracy_score(truth, predicted)
    macro_f1 = reference.f1_score(truth, predicted, average="macro")
    assert measured["accuracy"].value == pytest.approx(accuracy, abs=1e-4)
    assert measured["macro F1"].value == pytest.approx(macro_f1, abs=1e-4)
    normal_half_width = 1.96 * np.sqrt(accuracy * (1 - accuracy) / 300)
    assert measured["accuracy"].high - accuracy == pytest.approx(normal_half_width, rel=0.15)


def test_detection_metrics_agree_with_scikit_learn_with_ties() -> None:
    rng = np.random.default_rng(2)
    positive = rng.random(200) < 0.3
    scores = np.round(positive * 0.4 + rng.random(200), 1)
    measured = _by_name(
        measure.detection_metrics(positive, scores, scores > 0.7, split="s", seed=3)
    )
    assert measured["ROC AUC"].value == pytest.approx(
        reference.roc_auc_score(positive, scores), abs=1e-4
    )
    assert measured["recall of malignant"].value == pytest.approx(
        reference.recall_score(positive, scores > 0.7), abs=1e-4
    )


def test_regression_metrics_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(100, 20, size=150)
    predicted = truth + rng.normal(0, 10, size=150)
    measured = _by_name(measure.regression_metrics(truth, predicted, split="s", seed=3))
    assert measured["R²"].value == pytest.approx(reference.r2_score(truth, predicted), abs=1e-4)
    assert measured["mean absolute error"].value == pytest.approx(
        reference.mean_absolute_error(truth, predicted), abs=1e-4
    )
    assert measured["root mean squared error"].value == pytest.approx(
        reference.root_mean_squared_error(truth, predicted), abs=1e-4
    )
    assert not measured["mean absolute error"].higher_is_better


def test_a_perfect_score_has_a_bound_below_one() -> None:
    assert measure.exact_lower_bound(45, 45) == pytest.approx(0.025 ** (1 / 45), abs=1e-6)
