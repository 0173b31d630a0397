"""A child process that is kept running: started, watched, started again, and ended in time."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from souk.apps.up.log_file import LogFile
from souk.infra.launch import launch_command
from souk.infra.waiting import waited

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
STEADY_AFTER_S: Final = 60.0
"""A child that lived this long is started again at once, as if it had never failed."""
_CHUNK_BYTES: Final = 64 * 1024


class Child:
    """One Python module run as a process of its own."""

    def __init__(
        self,
        name: str,
        module: str,
        *,
        environment: Mapping[str, str],
        log: LogFile,
        say: Callable[[str], None],
        stop_limit_s: float = 15.0,
    ) -> None:
        self.name = name
        self.log = log
        self.deaths = 0
        self._module = module
        self._environment = environment
        self._say = say
        self._stop_limit_s = stop_limit_s
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def keep_running(self) -> None:
        """Runs it, and again with growing pauses whenever it dies, until `stop` is called."""
        pause_s = FIRST_PAUSE_S
        while not self._stopping.is_set():
            started = time.monotonic()
            status = await self._run_once()
            if self._stopping.is_set():
                return
            self.deaths += 1
            if time.monotonic() - started > STEADY_AFTER_S:
                pause_s = FIRST_PAUSE_S
            self._say(
                f"The {self.name} {_how_it_ended(status)}; it starts again in {pause_s:g} s. "
                f"See {self.log.path}"
            )
            await waited(self._stopping, pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def stop(self) -> None:
        """Asks it to end; ends it by force when it takes longer than its limit."""
        self._stopping.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(self._stop_limit_s):
                await process.wait()
        except TimeoutError:
            self._say(f"The {self.name} takes too long to stop: ended by force")
        _end_group(process.pid)
        await process.wait()

    async def _run_once(self) -> int:
        command = launch_command(sys.executable, "-m", self._module, dies_by=signal.SIGTERM)
        # A pipe of our own: asyncio's would keep `wait` waiting for every grandchild that holds it.
        reading, writing = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                env=self._environment,
                # Ctrl-C in a terminal reaches the whole group; the order of stopping is ours.
                start_new_session=True,
            )
        finally:
            os.close(writing)
        self._process = process
        if self._stopping.is_set():  # asked for while it was being started
            process.terminate()
        loop = asyncio.get_running_loop()
        os.set_blocking(reading, False)
        loop.add_reader(reading, self._read, reading)
        try:
            status = await process.wait()
            # What it started must not keep its port or its locks.
            _end_group(process.pid)
        finally:
            loop.remove_reader(reading)
            while self._read(reading):
                pass
            os.close(reading)
        return status

    def _read(self, reading: int) -> bool:
        """Moves a chunk of output to the log; False when there is none for now, or no more."""
        try:
            chunk = os.read(reading, _CHUNK_BYTES)
        except BlockingIOError:
            return False
        if chunk:
            self.log.write(chunk)
        else:
            asyncio.get_running_loop().remove_reader(reading)
        return bool(chunk)


def _end_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _how_it_ended(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    return f"was killed by {signal.Signals(-status).name}"
