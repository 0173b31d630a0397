"""Who runs nodes: a port, and the provider that runs them as processes of this machine."""

import asyncio
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

import msgspec

MARK: Final = "SOUK_EDGE_OF"
INSTANCE: Final = "SOUK_EDGE_INSTANCE"
_PROC: Final = Path("/proc")
_NOT_FOR_NODES: Final = ("SOUK_SECRET", "SOUK_DATABASE_URL")


class NodeSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A node to start."""

    instance_id: str
    region: str
    token: str
    """Lets it join, once."""


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A node that runs."""

    handle: str
    """The provider's own word for it."""
    url: str
    """How downloaders reach it."""


class NodeProvider(Protocol):
    """Runs nodes. Every call may be repeated: whoever asks may have died in between."""

    async def running(self) -> Mapping[str, Running]:
        """What runs now, by instance id, whoever has started it."""
        ...

    async def start(self, spec: NodeSpec) -> Running:
        """Starts a node. Raises OSError when it cannot."""
        ...

    async def ask_to_end(self, handle: str) -> None:
        """Asks it to end: it lets downloads under way end for its own drain time."""
        ...

    async def end(self, handle: str) -> None:
        """Ends it by force."""
        ...

    async def clear(self, instance_id: str) -> None:
        """Removes what an ended node has left behind."""
        ...


class LocalProvider:
    """`souk edge` processes beside this one, known by a mark in their environment.

    So they are found again after any of us was killed, without a file that could be wrong. Without
    /proc none is found, and none is started.
    """

    def __init__(
        self, folder: Path, *, home_url: str, host: str, public_host: str, cache_bytes: int
    ) -> None:
        self._folder = folder
        self._mark = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:24]
        self._home_url = home_url
        self._host = host
        self._public_host = public_host
        self._cache_bytes = cache_bytes
        self._children: list[subprocess.Popen[bytes]] = []

    async def running(self) -> Mapping[str, Running]:
        return await asyncio.to_thread(self._running)

    async def start(self, spec: NodeSpec) -> Running:
        return await asyncio.to_thread(self._start, spec)

    async def ask_to_end(self, handle: str) -> None:
        self._signal(handle, signal.SIGTERM)

    async def end(self, handle: str) -> None:
        self._signal(handle, signal.SIGKILL)

    async def clear(self, instance_id: str) -> None:
        await asyncio.to_thread(shutil.rmtree, self._folder / instance_id, ignore_errors=True)

    def _running(self) -> dict[str, Running]:
        self._children = [child for child in self._children if child.poll() is None]
        found = {}
        wanted = f"{MARK}={self._mark}".encode()
        for folder in _PROC.iterdir() if _PROC.is_dir() else ():
            environ = _environ(folder) if folder.name.isdigit() else []
            if wanted in environ:
                values = dict(line.split(b"=", 1) for line in environ if b"=" in line)
                instance_id = values.get(INSTANCE.encode(), b"").decode()
                url = values.get(b"SOUK_EDGE_PUBLIC_URL", b"").decode()
                found[instance_id] = Running(handle=_handle(int(folder.name)), url=url)
        return found

    def _start(self, spec: NodeSpec) -> Running:
        if not _PROC.is_dir():
            raise OSError("local nodes need /proc to be found again")
        port = _free_port(self._host)
        url = f"http://{self._public_host}:{port}"
        folder = self._folder / spec.instance_id
        folder.mkdir(parents=True, exist_ok=True)
        environ = {
            **{name: value for name, value in os.environ.items() if name not in _NOT_FOR_NODES},
            MARK: self._mark,
            INSTANCE: spec.instance_id,
            "SOUK_EDGE_REGION": spec.region,
            "SOUK_EDGE_TOKEN": spec.token,
            "SOUK_EDGE_HOME_URL": self._home_url,
            "SOUK_EDGE_HOST": self._host,
            "SOUK_EDGE_PORT": str(port),
            "SOUK_EDGE_PUBLIC_URL": url,
            "SOUK_EDGE_DATA_DIR": str(folder),
            "SOUK_EDGE_CACHE_BYTES": str(self._cache_bytes),
        }
        with (folder / "edge.log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "souk.apps.cli", "edge"],
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # it outlives us, and is taken up by who comes next
            )
        self._children.append(child)
        return Running(handle=_handle(child.pid), url=url)

    def _signal(self, handle: str, number: signal.Signals) -> None:
        pid = int(handle.partition(":")[0])
        if _handle(pid) == handle:  # the number may be somebody else's by now
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)


def _handle(pid: int) -> str:
    """A process's number and when it began, which no other process shares."""
    with suppress(OSError, IndexError):
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return f"{pid}:{fields[19]}"
    return f"{pid}:"


def _environ(folder: Path) -> list[bytes]:
    with suppress(OSError):  # another user's, or gone meanwhile
        return (folder / "environ").read_bytes().split(b"\0")
    return []


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
