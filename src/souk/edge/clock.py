"""Home's time at a node: the node's own clock, set right by what home says."""

import time
from collections.abc import Callable


class HomeClock:
    """Unix seconds by home's clock, as well as the node knows it.

    Args:
        own: the node's own clock, Unix seconds.
    """

    def __init__(self, own: Callable[[], float] = time.time) -> None:
        self._own = own
        self.offset_s = 0.0

    def own(self) -> float:
        """The node's own time."""
        return self._own()

    def now_s(self) -> float:
        """Home's time."""
        return self._own() + self.offset_s

    def hear(self, home_s: float, *, sent_s: float, received_s: float) -> None:
        """Takes over home's time, which was said half way between sending and receiving."""
        self.offset_s = home_s - (sent_s + received_s) / 2
