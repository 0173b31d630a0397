"""Steps of a start that are processes of their own, so that the supervisor stays small."""

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from souk.apps.up.errors import UpError
from souk.infra.launch import launch_command

_REMEMBERED_LINES: Final = 30


async def run_step(
    *arguments: str,
    environment: Mapping[str, str],
    purpose: str,
    report: Callable[[str], None] | None = None,
) -> None:
    """Runs `python -m arguments…` to its end; reports each line it says, if that is wanted.

    It ends with this process, and when this call is cancelled.

    Raises:
        UpError: it failed; with its last lines, as far as they were not reported.
    """
    command = launch_command(sys.executable, "-m", *arguments, dies_by=signal.SIGTERM)
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
        start_new_session=True,
    )
    said: deque[str] = deque(maxlen=_REMEMBERED_LINES)
    assert process.stdout is not None
    try:
        while line := await process.stdout.readline():
            said.append(line.decode(errors="replace").rstrip())
            if report is not None:
                report(said[-1])
        await process.wait()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.returncode != 0:
        words = list(said) if report is None else list(said)[-1:]
        raise UpError(f"Could not {purpose}:\n" + "\n".join(words))
