"""The demo on a real marketplace: everything holds, and nothing stays behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.alone  # it measures how soon a work is found
def test_the_whole_journey_holds_and_leaves_nothing_behind(tmp_path: Path) -> None:
    demo = _start(tmp_path)
    said, _ = demo.communicate(timeout=280)
    assert demo.returncode == 0, said[-6000:]
    assert "checks held" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_journey_that_is_stopped_half_way_leaves_nothing_behind(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    demo = _start(tmp_path)
    assert demo.stdout is not None
    for line in demo.stdout:
        if "She trains a real model" in line:
            break
    demo.send_signal(number)
    said = demo.stdout.read()
    assert demo.wait(60) == status, said
    assert list(tmp_path.iterdir()) == []
    assert _processes_of(tmp_path) == []


def _start(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "souk.apps.cli", "demo"],
        env={"PATH": os.environ["PATH"], "TMPDIR": str(folder), "COLUMNS": "110"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _processes_of(folder: Path) -> list[str]:
    """What still runs with its data in the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found
