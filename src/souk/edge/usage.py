"""What was served, counted by minute and seller, and handed to home in batches."""

from bisect import bisect_left
from typing import Final

import msgspec

from souk.edge.protocol import LATENCY_MS, UsageBatch, UsageLine

MAX_LINES: Final = 500
"""Lines of one batch."""
MAX_WAITING: Final = 50_000
"""Lines that wait for home; beyond these the oldest are lost, and only figures are."""

_Key = tuple[int, str]


class _Counts:
    __slots__ = ("bytes_sent", "errors", "hit_bytes", "latency", "requests")

    def __init__(self) -> None:
        self.requests = 0
        self.errors = 0
        self.bytes_sent = 0
        self.hit_bytes = 0
        self.latency = [0] * (len(LATENCY_MS) + 1)


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """One answer."""

    organisation_id: str
    bytes_sent: int
    hit_bytes: int
    first_byte_s: float
    failed: bool


class Usage:
    """Counts answers; keeps what home has not confirmed."""

    def __init__(self, *, first_number: int) -> None:
        self._number = first_number
        self._counts: dict[_Key, _Counts] = {}
        self._batch: UsageBatch | None = None
        self.lost_lines = 0

    def count(self, served: Served, *, now_s: float, times: int = 1) -> None:
        """Adds an answer, or so many that are alike, to its minute and seller."""
        key = (int(now_s) // 60 * 60, served.organisation_id)
        counts = self._counts.get(key)
        if counts is None:
            if len(self._counts) >= MAX_WAITING:
                self._counts.pop(next(iter(self._counts)))
                self.lost_lines += 1
            counts = self._counts[key] = _Counts()
        counts.requests += times
        counts.errors += times * served.failed
        counts.bytes_sent += times * served.bytes_sent
        counts.hit_bytes += times * served.hit_bytes
        counts.latency[bisect_left(LATENCY_MS, served.first_byte_s * 1000)] += times

    def batch(self) -> UsageBatch | None:
        """What to tell home: the same until it is confirmed."""
        if self._batch is None and self._counts:
            keys = list(self._counts)[:MAX_LINES]
            self._number += 1
            self._batch = UsageBatch(
                number=self._number,
                lines=tuple(_line(key, self._counts.pop(key)) for key in keys),
            )
        return self._batch

    def confirmed(self, number: int) -> None:
        """Home has written down every batch up to this one."""
        if self._batch is not None and self._batch.number <= number:
            self._batch = None
        self._number = max(self._number, number)


def _line(key: _Key, counts: _Counts) -> UsageLine:
    minute, organisation_id = key
    return UsageLine(
        minute=minute,
        organisation_id=organisation_id,
        requests=counts.requests,
        errors=counts.errors,
        bytes_sent=counts.bytes_sent,
        hit_bytes=counts.hit_bytes,
        latency=tuple(counts.latency),
    )
