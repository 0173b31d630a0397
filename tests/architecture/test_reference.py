"""Every error code and every setting is documented, and the pages are made from the source."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_reference_pages_are_current() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "reference.py"), "--check"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_no_setting_and_no_error_is_left_without_a_meaning() -> None:
    settings = (ROOT / "docs" / "reference" / "settings.md").read_text()
    assert [line for line in settings.splitlines() if line.endswith("|  |")] == []
    errors = (ROOT / "docs" / "reference" / "errors.md").read_text()
    assert [line for line in errors.splitlines() if line.startswith("—")] == []
