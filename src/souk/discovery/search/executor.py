"""Runs blocking search work in a few threads, with a bounded queue in front of them."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from souk.kernel.errors import Unavailable

P = ParamSpec("P")
R = TypeVar("R")


class SearchExecutor:
    """Keeps the event loop free. When too much waits already, a call is refused at once."""

    def __init__(self, *, threads: int, queue_length: int, name: str = "search") -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._places = threading.Semaphore(threads + queue_length)

    async def run(self, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of `work`, run in a thread.

        Raises:
            Unavailable: `search_busy` when the queue is full.
        """
        if not self._places.acquire(blocking=False):
            raise Unavailable("search_busy", "Too many searches wait already; try again shortly.")
        try:
            future = self._pool.submit(work, *args, **kwargs)
        except BaseException:
            self._places.release()
            raise
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Waits for what runs; refuses the rest."""
        self._pool.shutdown(wait=True, cancel_futures=True)
