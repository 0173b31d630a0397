"""When to try again, and after how long. Pure: it neither sleeps nor sends."""

import random
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec

RETRIED: Final = frozenset({429, 502, 503, 504})
"""Statuses after which the same request may succeed."""


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Exponential back-off with jitter, within limits.

    Every call may be repeated: reads and replacements by nature, a POST by its Idempotency-Key.
    """

    attempts: int = 5
    first_delay_s: float = 0.2
    longest_delay_s: float = 20.0
    longest_wait_s: float = 60.0
    """A server that asks for a longer pause than this is not waited for."""

    def delay(self, attempt: int) -> float | None:
        """Seconds to wait after failed attempt number `attempt` (from 1); None: give up."""
        if attempt >= self.attempts:
            return None
        longest = min(self.first_delay_s * 2.0 ** (attempt - 1), self.longest_delay_s)
        return longest * random.uniform(0.5, 1.0)  # noqa: S311  # spreads load, guards nothing

    def delay_after(
        self, attempt: int, *, status: int, retry_after: str | None, now_s: float
    ) -> float | None:
        """Seconds to wait after an answer; None when it is final or too late to try again.

        `retry_after` is the header; `now_s` the time in seconds since 1970.
        """
        asked = read_retry_after(retry_after, now_s=now_s)
        if status not in RETRIED and not (status == 409 and asked is not None):
            return None
        delay = self.delay(attempt)
        if delay is None or asked is None:
            return delay
        return max(delay, asked) if asked <= self.longest_wait_s else None


def read_retry_after(header: str | None, *, now_s: float) -> float | None:
    """The seconds of a Retry-After header, in either of its forms; None when there is none."""
    if not header:
        return None
    if header.isascii() and header.isdecimal():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - now_s)
    except ValueError:
        return None
