"""A workflow survives kill -9: finished steps are not done again, the rest is."""

import subprocess
import sys
from pathlib import Path

import pytest

TARGET = Path(__file__).with_name("crash_target.py")


def run(owner_dsn: str, folder: Path, mode: str) -> int:
    command = [sys.executable, str(TARGET), owner_dsn, str(folder), mode]
    return subprocess.run(command, timeout=60, check=False).returncode


@pytest.mark.slow
def test_a_killed_workflow_goes_on_behind_its_last_finished_step(
    owner_dsn: str, tmp_path: Path
) -> None:
    assert run(owner_dsn, tmp_path, "die") == -9
    assert run(owner_dsn, tmp_path, "recover") == 0
    steps = (tmp_path / "steps").read_text().split("\n")[:-1]
    assert steps == ["first", "second died", "second", "third 50"]
