"""How long the command `mp` takes to start, beside the interpreter alone."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Final

from bench._harness import Line, Percentiles, Section, format_duration, percentiles

RUNS: Final = 15
GOAL_S: Final = 0.3
_MP: Final = "from souk_client.cli.main import main; main()"
HOW: Final = """
`mp` run {runs} times each, as a shell runs it: a new process each time, with its bytecode compiled,
from its start to its end. `--help` reads no command's module; `search --help` and `buy --help` read
what these commands need, the HTTP client among it; `whoami` without a session reads the kept
credentials and says that there are none. Beside it: the interpreter that does nothing, and one that
imports the HTTP client alone. What counts is the processor's time: other processes on the machine
lengthen the rest (load average when it was measured: {load:.0f}, on {cores} cores).
"""


def run(*, quick: bool) -> Section:
    """Starts each command, and the peers, in turn."""
    runs = 3 if quick else RUNS
    nothing = _timed(runs, "pass")
    client = _timed(runs, "import httpx")
    beside = (
        f"the interpreter alone: {format_duration(nothing.processor.p50)}; "
        f"importing httpx: {format_duration(client.processor.p50)}"
    )
    lines = []
    for words in (("--help",), ("search", "--help"), ("buy", "--help"), ("whoami",)):
        taken = _timed(runs, _MP, *words)
        lines.append(
            Line(
                what=f"`mp {' '.join(words)}`",
                measured=f"{format_duration(taken.processor.p50)} of the processor; "
                f"in all p50 {format_duration(taken.wall.p50)}, "
                f"p90 {format_duration(taken.wall.p90)}",
                promised=f"< {format_duration(GOAL_S)} of its own",
                reached=taken.processor.p50 < GOAL_S,
                beside=beside,
            )
        )
    return Section(
        title="The command mp",
        how=HOW.format(runs=runs, load=os.getloadavg()[0], cores=os.cpu_count() or 1),
        lines=lines,
    )


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds of each run."""

    wall: Percentiles
    processor: Percentiles


def _timed(runs: int, code: str, *words: str) -> Timed:
    """Runs it, and once before, so that everything is compiled and read."""
    with tempfile.TemporaryDirectory(prefix="souk-bench-mp-") as folder:
        environ = {**os.environ, "SOUK_CONFIG_DIR": folder}
        wall, processor = [], []
        for number in range(runs + 1):
            started, used = time.perf_counter(), _used_s()
            subprocess.run(
                [sys.executable, "-c", code, *words],
                check=False,
                capture_output=True,
                env=environ,
                timeout=60,
            )
            if number:
                wall.append(time.perf_counter() - started)
                processor.append(_used_s() - used)
    return Timed(percentiles(wall), percentiles(processor))


def _used_s() -> float:
    """Processor time of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
