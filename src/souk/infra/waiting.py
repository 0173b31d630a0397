"""Waiting for an event for a limited time, and ending tasks for certain.

`asyncio.wait_for` of Python 3.11 forgets that its task was cancelled when what it waits for is done
at that very moment, and a loop around it then runs for ever. Nothing here does.
"""

import asyncio
from collections.abc import Collection
from typing import Final

import structlog

_ASK_AGAIN_S: Final = 5.0

log = structlog.get_logger("souk.tasks")


async def waited(event: asyncio.Event, seconds: float | None) -> bool:
    """Waits until the event is set; False when that takes longer. None is without a limit."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


async def end_tasks(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancels tasks and waits for their end; one that swallows it is cancelled again."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_ASK_AGAIN_S)
        if left:
            log.warning("tasks are slow to end", tasks=sorted(map(_name, left)))


def _name(task: asyncio.Task[None]) -> str:
    return getattr(task.get_coro(), "__qualname__", task.get_name())
