"""Processor time by whom: this process, a server and its children, and everybody else meanwhile."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_BUSY_FIELDS = (0, 1, 2, 5, 6)
"""user, nice, system, irq, softirq of /proc/stat."""


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """Seconds of processor time, and of the clock."""

    own_s: float
    server_s: float
    machine_s: float
    clock_s: float

    @classmethod
    def now(cls, server_pid: int) -> Self:
        """Totals up to now. Children of the server that ended before are in its own total."""
        return cls(
            own_s=time.process_time(),
            server_s=sum(map(_times, _family(server_pid))),
            machine_s=_machine(),
            clock_s=time.perf_counter(),
        )

    def since(self, earlier: "CpuTimes") -> "CpuTimes":
        """What was used between two moments."""
        return CpuTimes(
            own_s=self.own_s - earlier.own_s,
            server_s=self.server_s - earlier.server_s,
            machine_s=self.machine_s - earlier.machine_s,
            clock_s=self.clock_s - earlier.clock_s,
        )

    def plus(self, other: "CpuTimes") -> "CpuTimes":
        """Both together."""
        return CpuTimes(
            own_s=self.own_s + other.own_s,
            server_s=self.server_s + other.server_s,
            machine_s=self.machine_s + other.machine_s,
            clock_s=self.clock_s + other.clock_s,
        )

    @property
    def others_share(self) -> float:
        """The part of the machine that neither of us had: 0.25 is a quarter of all cores."""
        cores = os.cpu_count() or 1
        return max(0.0, self.machine_s - self.own_s - self.server_s) / (self.clock_s * cores)


def _family(server_pid: int) -> list[int]:
    children = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _parent(int(entry.name)) == server_pid
    ]
    return [server_pid, *children]


def _fields(pid: int) -> list[str]:
    """The fields of a process after its name; none when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
    except OSError:
        return []


def _parent(pid: int) -> int:
    fields = _fields(pid)
    return int(fields[1]) if fields else 0


def _times(pid: int) -> float:
    fields = _fields(pid)
    return sum(int(each) for each in fields[11:15]) * TICK_S if fields else 0.0


def wait_until_idle(*, busy: float, for_s: float, limit_s: float) -> None:
    """Waits until the machine has used less than this part of one processor for so long."""
    deadline = time.perf_counter() + limit_s
    quiet_since, before = time.perf_counter(), _machine()
    while time.perf_counter() < min(deadline, quiet_since + for_s):
        time.sleep(1)
        now = _machine()
        if now - before > busy:
            quiet_since = time.perf_counter()
        before = now


def _machine() -> float:
    first = Path("/proc/stat").read_text(encoding="utf-8").partition("\n")[0].split()[1:]
    return sum(int(first[index]) for index in _BUSY_FIELDS) * TICK_S
