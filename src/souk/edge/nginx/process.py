"""nginx as a child: checked, started, started again when it dies, reloaded, ended in order."""

import asyncio
import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from souk.edge.nginx.config import Places
from souk.infra.launch import launch_command
from souk.infra.waiting import end_tasks

_AGAIN_AT_ONCE_S: Final = 0.1
_AGAIN_LATE_S: Final = 5.0
_KILL_S: Final = 2.0
_SAID_BYTES: Final = 2000

log = structlog.get_logger("souk.edge")


class NginxMissing(OSError):
    """nginx cannot be run; the message says how to mend it."""


class Nginx:
    """One nginx, its workers with it, in a process group of its own. It dies with this process."""

    def __init__(self, program: str, places: Places) -> None:
        self._program = program
        self._places = places
        self._process: asyncio.subprocess.Process | None = None
        self._watching: asyncio.Task[None] | None = None
        self._text = ""
        self.restarts = 0

    async def start(self, text: str) -> None:
        """Runs it with this configuration.

        Raises:
            NginxMissing: there is no nginx, or it does not take the configuration.
        """
        await asyncio.to_thread(self._make_folders)
        self._text = text
        await asyncio.to_thread(_write, self._places.config, text)
        await self._check()
        await self._run()

    def check_alive(self) -> None:
        """Raises OSError when it has ended, as it does when it cannot have its port."""
        if self._process is None or self._process.returncode is not None:
            raise OSError(f"nginx has ended: {self._said()}")

    def watch(self) -> None:
        """From now on it is started again when it ends."""
        self._watching = asyncio.create_task(self._watch())

    async def use(self, text: str) -> None:
        """Goes on with another configuration; downloads under way end with the old one.

        Raises:
            NginxMissing: nginx does not take it; the old one stays.
        """
        await asyncio.to_thread(_write, self._places.config, text)
        try:
            await self._check()
        except NginxMissing:
            await asyncio.to_thread(_write, self._places.config, self._text)
            raise
        self._text = text
        self._signal(signal.SIGHUP)

    def reopen_log(self) -> None:
        """Its log was renamed: it begins another."""
        self._signal(signal.SIGUSR1)

    async def stop(self) -> None:
        """Ends it; what is still under way after a moment is cut off."""
        if self._watching is not None:
            await end_tasks([self._watching])
        process, self._process = self._process, None
        if process is None:
            return
        # SIGTERM to the master alone: it ends its workers, which write the rest of their log.
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(_KILL_S):
                await process.wait()
        self._end_group(process)
        await process.wait()

    async def _run(self) -> None:
        command = [self._found(), "-p", str(self._places.folder), "-c", str(self._places.config)]
        self._places.status_socket.unlink(missing_ok=True)  # of one that was killed
        with self._places.errors.open("ab") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *launch_command(*command, "-e", self._places.errors, dies_by=signal.SIGTERM),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                start_new_session=True,
            )

    async def _watch(self) -> None:
        """Starts it again whenever it ends by itself; at once, and later if that does not help."""
        loop = asyncio.get_running_loop()
        pause_s = _AGAIN_AT_ONCE_S
        while self._process is not None:
            began_s = loop.time()
            status = await self._process.wait()
            self._end_group(self._process)  # workers outlive a master that was killed
            lasted_s = loop.time() - began_s
            pause_s = min(_AGAIN_LATE_S, 2 * pause_s) if lasted_s < 1 else _AGAIN_AT_ONCE_S
            log.error("nginx has ended and is started again", status=status, said=self._said())
            await asyncio.sleep(pause_s)
            self.restarts += 1
            await self._run()

    async def _check(self) -> None:
        command = [self._found(), "-t", "-q", "-p", str(self._places.folder)]
        checking = await asyncio.create_subprocess_exec(
            *command,
            *("-c", str(self._places.config), "-e", str(self._places.errors)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await checking.communicate()
        if checking.returncode != 0:
            words = said.decode(errors="replace").strip()
            raise NginxMissing(f"nginx does not take its configuration: {words}")

    def _found(self) -> str:
        # Debian keeps it where only root looks.
        path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
        found = shutil.which(self._program, path=path)
        if found is None:
            raise NginxMissing(
                f"nginx is not installed ({self._program!r} was not found): install it"
                " (Debian, Ubuntu: apt-get install nginx-light), name it in SOUK_EDGE_NGINX,"
                " or leave out --engine nginx"
            )
        return found

    def _make_folders(self) -> None:
        for folder in (self._places.slices, self._places.small, self._places.folder / "temp"):
            folder.mkdir(parents=True, exist_ok=True)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    def _end_group(self, process: asyncio.subprocess.Process) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)

    def _said(self) -> str:
        with suppress(OSError):
            return self._places.errors.read_bytes()[-_SAID_BYTES:].decode(errors="replace")
        return ""


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w") as handle:
        handle.write(text)
    fresh.replace(path)
