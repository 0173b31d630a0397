"""Runs edge nodes in one event loop until the process is asked to end."""

import asyncio
import signal
from collections.abc import Sequence

import structlog

from souk.edge.link import JoinRefused
from souk.edge.node import EdgeNode
from souk.edge.settings import EdgeSettings

log = structlog.get_logger("souk.edge")


async def run_nodes(wanted: Sequence[EdgeSettings]) -> None:
    """Starts the nodes, and ends them in order on SIGTERM or SIGINT; SIGHUP reloads their nginx.

    Raises:
        JoinRefused: home takes none of them.
        OSError: a port is taken.
    """
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    nodes = [EdgeNode(settings) for settings in wanted]
    reloading: set[asyncio.Task[None]] = set()

    def reload() -> None:
        task = asyncio.create_task(_reload(nodes))
        reloading.add(task)
        task.add_done_callback(reloading.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)
    starting = asyncio.gather(*(node.start() for node in nodes))
    waiting = asyncio.create_task(asked.wait())
    try:
        await asyncio.wait((starting, waiting), return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await waiting
    finally:
        starting.cancel()
        waiting.cancel()
        await asyncio.gather(*(node.stop() for node in nodes), return_exceptions=True)


async def _reload(nodes: Sequence[EdgeNode]) -> None:
    for node in nodes:
        try:
            await node.reload()
        except OSError as error:
            log.error("nginx was not reloaded", problem=str(error))


__all__ = ["JoinRefused", "run_nodes"]
