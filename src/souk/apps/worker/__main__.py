"""Runs the worker until SIGTERM or SIGINT."""

import asyncio
import os
import signal
import sys

import uvloop

from souk.apps.container import Container, build_container, running
from souk.apps.worker.schedules import run_schedules
from souk.infra.outbox.store import CHANNEL
from souk.infra.outbox.worker import OutboxWorker
from souk.infra.settings import SettingsError
from souk.infra.telemetry.logs import set_up_logs
from souk.infra.workflows.outages import OutageWatch


async def work(container: Container) -> None:
    """Carries events, keeps schedules and runs the wings' tasks until asked to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    core = container.core
    handlers = [handler for parts in container.all_parts for handler in parts.handlers]
    outbox = OutboxWorker(core.database, handlers)
    core.listener.on(CHANNEL, lambda _payload: outbox.wake())
    schedules = [schedule for parts in container.all_parts for schedule in parts.schedules]
    tasks = [task for parts in container.all_parts for task in parts.worker_tasks]

    async def keep_schedules() -> None:
        await run_schedules(core.database, schedules)

    workflows = [workflow for parts in container.all_parts for workflow in parts.workflows]
    async with container.opened("worker"):
        await core.workflows.open(workflows)
        try:
            watch = OutageWatch(database=core.database, workflows=core.workflows)
            async with running([outbox.run, keep_schedules, watch.run, *tasks]):
                await stop.wait()
        finally:
            await core.workflows.close()


def main() -> None:
    """Starts the worker."""
    try:
        container = build_container()
    except SettingsError as error:
        sys.exit(f"Wrong setting: {error}")
    settings = container.core.settings
    set_up_logs(level=settings.log_level, form=settings.log_format)
    os.nice(settings.worker_niceness)
    uvloop.run(work(container))


if __name__ == "__main__":
    main()
