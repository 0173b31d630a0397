"""Figures of what was served: summed, and priced. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from souk.delivery.cdn.model import percentile_ms
from souk.edge.protocol import LATENCY_MS
from souk_client.contracts.cdn_figures import Served

GB: Final = 10**9
HOME: Final = ""


class UsageRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one node served of one seller's in a time."""

    node_id: str
    region: str
    organisation_id: str
    requests: int
    errors: int
    bytes_sent: int
    hit_bytes: int
    latency: list[int]


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """In millionths of the currency."""

    egress_micros_per_gb: int
    hour_micros: int


class Prices(msgspec.Struct, frozen=True):
    """By region; home's own under HOME. None at all when nothing was set."""

    by_region: Mapping[str, Price]

    def egress(self, region: str, size_bytes: int) -> int:
        """What sending so many bytes costs, rounded to the nearest millionth."""
        price = self.by_region.get(region)
        return 0 if price is None else _nearest(size_bytes * price.egress_micros_per_gb, GB)

    def hours(self, region: str, minutes: int) -> int:
        """What a node costs for so many minutes."""
        price = self.by_region.get(region)
        return 0 if price is None else _nearest(minutes * price.hour_micros, 60)


def _nearest(part: int, whole: int) -> int:
    return (2 * part + whole) // (2 * whole)


def served(
    rows: Sequence[UsageRow],
    *,
    key: str,
    region: str,
    seconds: float,
    prices: Prices,
    minutes: Mapping[str, int],
) -> Served:
    """Rows as one figure.

    Args:
        minutes: how many minutes nodes ran in each region, where that is part of the cost.
    """
    requests = sum(row.requests for row in rows)
    sent = sum(row.bytes_sent for row in rows)
    hit = sum(row.hit_bytes for row in rows)
    errors = sum(row.errors for row in rows)
    latency = [sum(counts) for counts in zip(*(row.latency for row in rows), strict=True)] or [
        0 for _ in range(len(LATENCY_MS) + 1)
    ]
    cost = saving = None
    if prices.by_region:
        cost = sum(prices.egress(row.region, row.bytes_sent) for row in rows)
        cost += sum(prices.hours(name, count) for name, count in minutes.items())
        saving = prices.egress(HOME, hit) - cost
    return Served(
        key=key,
        region=region,
        requests=requests,
        errors=errors,
        error_ratio=ratio(errors, requests),
        bytes_sent=sent,
        bytes_per_s=round(sent / seconds),
        hit_ratio=ratio(hit, sent),
        p50_ms=percentile_ms(latency, 0.5),
        p95_ms=percentile_ms(latency, 0.95),
        p99_ms=percentile_ms(latency, 0.99),
        cost_micros=cost,
        saving_micros=saving,
    )


def grouped(rows: Iterable[UsageRow], key: Callable[[UsageRow], str]) -> dict[str, list[UsageRow]]:
    """Rows by what the key says of them."""
    found: dict[str, list[UsageRow]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def ratio(part: int, whole: int) -> float | None:
    """A share of a whole; None of nothing."""
    return round(part / whole, 4) if whole else None
