"""Ending HTTP processes while streams are open.

Granian waits for open answers before it ends a process, and a stream has no end of its own. So the
processes get a signal just before they are asked to stop, and let their readers go.
"""

import multiprocessing
import os
import signal
from contextlib import suppress
from typing import Any, Final

from granian.server.mp import MPServer

LET_GO_SIGNAL: Final = signal.SIGUSR1


class MarketServer(MPServer):
    """Granian, which tells its processes to let their readers go when it stops."""

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:  # as Granian has it
        for process in multiprocessing.active_children():
            if process.pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, LET_GO_SIGNAL)
        super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call]  # theirs
