"""Figures of a listing in the one unit that filters compare."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.discovery.search.measures import (
    accuracy_of,
    frameworks_of,
    latency_s_of,
    memory_mb_of,
    millionths,
)
from souk_client.contracts.works import Compatibility, Metric


@pytest.mark.parametrize(
    ("name", "value", "unit", "accuracy"),
    [
        ("accuracy", 0.97, "", 0.97),
        ("Accuracy", 97.0, "%", 0.97),
        ("top-1 accuracy", 97.0, "", 0.97),
        ("test_accuracy", 0.5, "percent", 0.005),
        ("acc", 1.0, "", 1.0),
        ("accuracy", 250.0, "", None),
        ("accuracy", -0.1, "", None),
        ("balanced accuracy", 0.9, "", None),
        ("f1", 0.9, "", None),
    ],
)
def test_accuracy_is_a_share(name: str, value: float, unit: str, accuracy: float | None) -> None:
    assert accuracy_of([Metric(name=name, value=value, unit=unit)]) == pytest.approx(accuracy)


@pytest.mark.parametrize(
    ("name", "value", "unit", "seconds"),
    [
        ("latency", 4, "ms", 0.004),
        ("p99 latency", 2, "s", 2.0),
        ("latency_ms", 4, "", 0.004),
        ("Inference time", 30, "us", 30e-6),
        ("latency", 4, "", None),
        ("latency", -4, "ms", None),
        ("latency", 1e300, "s", None),
        ("latency", float("inf"), "s", None),
        ("throughput", 4, "ms", None),
    ],
)
def test_latency_needs_a_unit(name: str, value: float, unit: str, seconds: float | None) -> None:
    assert latency_s_of([Metric(name=name, value=value, unit=unit)]) == pytest.approx(seconds)


def test_the_first_that_can_be_read_counts() -> None:
    metrics = [
        Metric(name="accuracy", value=400),
        Metric(name="accuracy", value=0.8),
        Metric(name="accuracy", value=0.9),
    ]
    assert accuracy_of(metrics) == 0.8


def test_frameworks_lose_their_versions_and_repeats() -> None:
    said = Compatibility(frameworks=["ONNX", "Scikit Learn"], runtimes=["onnx>=1.13", "jax[cpu]"])
    assert frameworks_of(said) == ("onnx", "scikit learn", "jax")


@pytest.mark.parametrize(("gb", "mb"), [(None, None), (16, 16_000), (0.0001, 1), (0.1, 100)])
def test_memory_is_rounded_up(gb: float | None, mb: int | None) -> None:
    assert memory_mb_of(Compatibility(min_memory_gb=gb)) == mb


@given(st.lists(st.builds(Metric, name=st.text(min_size=1), value=st.floats(), unit=st.text())))
def test_no_metric_breaks_the_reader(metrics: list[Metric]) -> None:
    accuracy, latency_s = accuracy_of(metrics), latency_s_of(metrics)
    assert accuracy is None or 0 <= accuracy <= 1
    assert 0 <= (millionths(latency_s) or 0) <= 10**12
