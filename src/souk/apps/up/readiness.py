"""Asking the server whether it is ready."""

import asyncio
import http.client
import time
from collections.abc import Callable
from typing import Final

from souk.apps.up.child import Child
from souk.apps.up.errors import UpError

READY_LIMIT_S: Final = 180.0
_MOST_DEATHS: Final = 3


async def wait_until_ready(
    host: str, port: int, *, children: tuple[Child, ...], say: Callable[[str], None]
) -> None:
    """Returns when `/health/ready` answers 200.

    Raises:
        UpError: a child keeps dying, or it takes too long; with the child's last words.
    """
    started = time.monotonic()
    next_word_s = 5.0
    while not await asyncio.to_thread(is_ready, host, port):
        waited_s = time.monotonic() - started
        for child in children:
            if child.deaths >= _MOST_DEATHS or waited_s > READY_LIMIT_S:
                raise UpError(
                    f"The {child.name} does not get ready. Its last words:\n{child.log.recent()}"
                )
        if waited_s > next_word_s:
            say(f"Waiting for the server ({waited_s:.0f} s)")
            next_word_s += 5.0
        await asyncio.sleep(0.05)


def is_ready(host: str, port: int) -> bool:
    """Whether the server at this address says that it can serve."""
    connection = http.client.HTTPConnection(_reachable(host), port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _reachable(host: str) -> str:
    """A server that listens everywhere is asked at home."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
