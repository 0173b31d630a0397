"""What a listing says of itself in figures, in the one unit that filters compare: pure.

Metrics are named by their sellers, so only plain cases are read; the first metric that can be read
counts. What cannot be read is left out rather than guessed.
"""

import math
import re
from collections.abc import Iterable
from typing import Final

from souk.discovery.search.model import normal
from souk_client.contracts.works import Compatibility, Listing, ListingSummary, Metric

_ACCURACY: Final = frozenset(
    {
        "accuracy",
        "acc",
        "testaccuracy",
        "validationaccuracy",
        "top1accuracy",
        "top1",
        "accuracytop1",
    }
)
_LATENCY: Final = ("latency", "inferencetime", "responsetime")
_SECONDS: Final = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_LONGEST_S: Final = 1e6
_NOT_IN_A_NAME: Final = re.compile(r"[^a-z0-9]+")
_VERSION: Final = re.compile(r"\s*[<>=!~;\[].*", re.DOTALL)


def accuracy_of(metrics: Iterable[Metric]) -> float | None:
    """The accuracy, 0 to 1; a percentage where its unit or a value above 1 says so."""
    for metric in metrics:
        if _NOT_IN_A_NAME.sub("", metric.name.lower()) in _ACCURACY:
            percent = metric.unit.strip().lower() in ("%", "percent") or metric.value > 1
            value = metric.value / 100 if percent else metric.value
            if 0 <= value <= 1:
                return value
    return None


def latency_s_of(metrics: Iterable[Metric]) -> float | None:
    """The latency in seconds; its unit is the metric's, or the end of its name (`latency_ms`)."""
    for metric in metrics:
        parts = _NOT_IN_A_NAME.split(metric.name.lower())
        if any(name in "".join(parts) for name in _LATENCY):
            unit = metric.unit.strip().lower() or parts[-1]
            if unit in _SECONDS and 0 <= metric.value * _SECONDS[unit] <= _LONGEST_S:
                return metric.value * _SECONDS[unit]
    return None


def frameworks_of(compatibility: Compatibility) -> tuple[str, ...]:
    """Frameworks and runtimes, without their versions."""
    return words_of(
        _VERSION.sub("", one) for one in (*compatibility.frameworks, *compatibility.runtimes)
    )


def words_of(values: Iterable[str]) -> tuple[str, ...]:
    """Values in one form, each once."""
    return tuple(dict.fromkeys(filter(None, map(normal, values))))


def size_bytes_of(listing: Listing, summary: ListingSummary) -> int | None:
    """The size of all files of the version that buyers get."""
    current = (one for one in listing.versions if one.version == summary.version)
    return next((one.size_bytes for one in current), None)


def memory_mb_of(compatibility: Compatibility) -> int | None:
    """The memory it asks for, rounded up to whole MB (thousandths of a GB)."""
    asked = compatibility.min_memory_gb
    return None if asked is None else math.ceil(round(asked * 1000, 6))


def millionths(value: float | None) -> int | None:
    return None if value is None else round(value * 1e6)
