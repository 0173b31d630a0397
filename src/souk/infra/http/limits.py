"""Rate limits: a token bucket for each caller, in the memory of one HTTP process.

Each process counts for itself: with several, a caller who spreads over all of them gets at most the
limit times their number. That keeps a request free of any shared lock.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from souk.kernel.errors import TooMany

MAX_CALLERS: Final = 50_000


class RateLimiter:
    """So many requests a minute, with bursts up to the same number."""

    def __init__(
        self, per_minute: int, *, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_minute = per_minute
        self._rate_per_s = per_minute / 60
        self._monotonic_s = monotonic_s
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def count(self, caller: str, *, cost: float = 1.0) -> None:
        """Takes one request from the caller's bucket.

        Args:
            cost: what it counts for: less than one where tools ask for many small things at once.

        Raises:
            TooMany: `rate_limited`, with `retry_after_s`.
        """
        now = self._monotonic_s()
        left, seen_at = self._buckets.pop(caller, (float(self._per_minute), now))
        left = min(float(self._per_minute), left + (now - seen_at) * self._rate_per_s)
        allowed = left >= cost
        self._buckets[caller] = (left - cost if allowed else left, now)
        if len(self._buckets) > MAX_CALLERS:
            self._buckets.popitem(last=False)
        if not allowed:
            raise TooMany(
                "rate_limited",
                f"At most {self._per_minute} requests a minute; slow down.",
                retry_after_s=max(1, round((cost - left) / self._rate_per_s)),
            )
