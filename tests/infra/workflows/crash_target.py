"""A process with a three-step workflow that dies in the middle of the second step when told to."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from souk.infra.workflows import Step, Workflow, Workflows

DSN, FOLDER, MODE = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
DONE = asyncio.Event()


def note(name: str) -> None:
    with (FOLDER / "steps").open("a") as file:
        file.write(f"{name}\n")


async def first(value: dict) -> dict:
    note("first")
    return {"sum": value["number"] + 1}


async def second(value: dict) -> dict:
    if MODE == "die":
        note("second died")
        os.kill(os.getpid(), signal.SIGKILL)
    note("second")
    return {"sum": value["sum"] * 10}


async def third(value: dict) -> dict:
    note(f"third {value['sum']}")
    DONE.set()
    return value


async def main() -> None:
    workflows = Workflows(DSN, version="1")
    steps = [Step("first", first), Step("second", second), Step("third", third)]
    await workflows.open([Workflow("test.sums", steps)])
    if MODE != "recover":
        for _ in range(2):  # the same id starts it once
            await workflows.start("test.sums", workflow_id="evt_1", argument={"number": 4})
    await DONE.wait()
    await workflows.close()


asyncio.run(main())
