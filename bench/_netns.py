"""Hosts of their own on one machine: network namespaces, and between them lines that take time.

Each host has a TUN device; a router in this process takes every packet from one and puts it into
another after the line's delay, so that handshakes, windows and losses of a connection are the
kernel's own. Needs root, `ip` and /dev/net/tun; no queueing discipline of the kernel.
"""

import fcntl
import heapq
import os
import select
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TUNSETIFF: Final = 0x400454CA
_TUN_NO_INFO: Final = 0x0001 | 0x1000
_MTU: Final = 16_000
_NET: Final = "10.213"
_QUEUED_BYTES: Final = 64 * 2**20
"""What may be on its way at once; more is dropped, as a router does."""


@dataclass(frozen=True, slots=True)
class Host:
    """A host: this machine's own namespace when it has none."""

    number: int
    namespace: str | None

    @property
    def address(self) -> str:
        return f"{_NET}.{self.number}.1"

    def command(self, *words: str) -> list[str]:
        """A command that runs there."""
        return [*(("ip", "netns", "exec", self.namespace) if self.namespace else ()), *words]


def can_be_made() -> bool:
    """Whether hosts of their own can be made here."""
    return os.geteuid() == 0 and Path("/dev/net/tun").exists() and _quiet("ip", "netns") == 0


class Network:
    """Hosts, and a router between them; use it as a context.

    Args:
        names: namespaces to make; the first host, number 0, is this machine itself.
        one_way_s: how long a packet takes from one host to another, by their numbers.
    """

    def __init__(self, names: Sequence[str], one_way_s: Callable[[int, int], float]) -> None:
        self.hosts = [Host(0, None), *(Host(at, name) for at, name in enumerate(names, start=1))]
        self._one_way_s = one_way_s
        self._files: list[int] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._route, daemon=True)
        self.dropped = 0

    def __enter__(self) -> "Network":
        self._clear()
        for host in self.hosts:
            self._files.append(self._make(host))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(5)
        for file in self._files:
            os.close(file)
        self._clear()

    def _make(self, host: Host) -> int:
        device = f"soukb{host.number}"
        if host.namespace:
            _run("ip", "netns", "add", host.namespace)
            _run(*host.command("ip", "link", "set", "lo", "up"))
        # Made here and moved there: the file stays ours.
        file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(file, _TUNSETIFF, struct.pack("16sH", device.encode(), _TUN_NO_INFO))
        if host.namespace:
            _run("ip", "link", "set", device, "netns", host.namespace)
        _run(*host.command("ip", "address", "add", f"{host.address}/32", "dev", device))
        _run(*host.command("ip", "link", "set", device, "mtu", str(_MTU), "up"))
        _run(*host.command("ip", "route", "add", f"{_NET}.0.0/16", "dev", device))
        return file

    def _clear(self) -> None:
        for host in self.hosts:
            if host.namespace:
                _quiet("ip", "netns", "delete", host.namespace)

    def _route(self) -> None:
        poll = select.poll()
        number_of = {file: at for at, file in enumerate(self._files)}
        for file in self._files:
            poll.register(file, select.POLLIN)
        waiting: list[tuple[float, int, int, bytes]] = []
        queued = count = 0
        while not self._ended.is_set():
            now = time.monotonic()
            while waiting and waiting[0][0] <= now:
                _, _, target, packet = heapq.heappop(waiting)
                queued -= len(packet)
                with suppress(OSError):
                    os.write(self._files[target], packet)
            pause_ms = 100.0 if not waiting else max(0.0, (waiting[0][0] - now) * 1000)
            for file, _ in poll.poll(min(pause_ms, 100.0)):
                for packet in _packets(file):
                    target = packet[18] if packet[0] >> 4 == 4 else -1
                    if not 0 <= target < len(self._files):
                        continue
                    if queued > _QUEUED_BYTES:
                        self.dropped += 1
                        continue
                    count += 1
                    queued += len(packet)
                    due = time.monotonic() + self._one_way_s(number_of[file], target)
                    heapq.heappush(waiting, (due, count, target, packet))


def _packets(file: int) -> list[bytes]:
    found: list[bytes] = []
    with suppress(BlockingIOError, OSError):
        while len(found) < 64:
            found.append(os.read(file, _MTU + 64))
    return found


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


def _quiet(*words: str) -> int:
    return subprocess.run(words, check=False, capture_output=True).returncode
