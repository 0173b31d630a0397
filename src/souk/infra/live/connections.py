"""How many streams a process serves, and how many one caller may have."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from souk.infra.live.settings import LiveSettings
from souk.kernel.errors import TooMany, Unavailable


class Connections:
    """Counts the open streams of this process."""

    def __init__(self, settings: LiveSettings) -> None:
        self._settings = settings
        self._open: Counter[str] = Counter()

    def check(self, caller: str) -> None:
        """Lets pass while there is room for one more.

        Raises:
            TooMany: `live_streams_exceeded`.
            Unavailable: `live_full`.
        """
        settings = self._settings
        if self._open[caller] >= settings.connections_per_caller:
            raise TooMany(
                "live_streams_exceeded",
                f"At most {settings.connections_per_caller} streams at once; close some.",
                retry_after_s=5,
            )
        if self._open.total() >= settings.connections:
            raise Unavailable(
                "live_full", "Too many streams are open now; try again soon.", retry_after_s=10
            )

    @contextmanager
    def one(self, caller: str) -> Iterator[None]:
        """Counts a stream for the length of the block."""
        self._open[caller] += 1
        try:
            yield
        finally:
            self._open[caller] -= 1
            if not self._open[caller]:
                del self._open[caller]
