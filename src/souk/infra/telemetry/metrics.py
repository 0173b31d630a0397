"""Prometheus metrics of the marketplace and its HTTP edge, summed over all HTTP processes."""

import os
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

HTTP_SECONDS: Final = Histogram(
    "souk_http_request_seconds",
    "Time from the first byte of a request to the last of its answer.",
    ["method", "route", "status"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
RESOURCES_CREATED: Final = Counter(
    "marketplace_resource_created_total", "Listings published.", ["kind"]
)
TRANSACTIONS_COMPLETED: Final = Counter(
    "marketplace_transaction_completed_total", "Orders paid.", ["currency"]
)
SEARCH_SECONDS: Final = Histogram(
    "marketplace_search_response_seconds",
    "Time to answer a search.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1),
)
ANALYTICS_RECORDED: Final = Counter(
    "souk_analytics_recorded_total", "Views, searches and other facts written."
)
ANALYTICS_DROPPED: Final = Counter(
    "souk_analytics_dropped_total",
    "Facts lost, and why: queue_full, unreadable, shutdown.",
    ["why"],
)


def render_metrics() -> bytes:
    """All metrics in Prometheus' text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types here
    return generate_latest(registry)
