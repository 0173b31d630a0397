"""`make test` where programs are missing that only root can install."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
RECORDS = '#!/bin/sh\necho "$(basename "$0") $*" >>"$RECORD"\n'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The scripts beside programs that write down how they are called, on a bare PATH."""
    shutil.copytree(SCRIPTS, tmp_path / "scripts", ignore=shutil.ignore_patterns("*.pyc"))
    for name in ("ruff", "mypy", "lint-imports", "pytest"):
        program(tmp_path / "bin" / name, RECORDS)
    for name in ("sh", "basename", "cat", "mktemp", "rm", "tail"):
        found = shutil.which(name)
        assert found
        program(tmp_path / "path" / name, f'#!/bin/sh\nexec {found} "$@"\n')
    return tmp_path


def program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def checked(place: Path, *, user: int) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    program(place / "path" / "id", f"#!/bin/sh\necho {user}\n")
    record = place / "record"
    done = subprocess.run(
        ["/bin/sh", "scripts/test.sh", "bin"],
        cwd=place,
        env={
            "PATH": str(place / "path"),
            "RECORD": str(record),
            "SOUK_TEST_POSTGRES15": str(place / "none"),
            "SOUK_EDGE_NGINX": os.fspath(place / "bin" / "ruff"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done, record.read_text().splitlines() if record.exists() else []


def test_the_rest_is_checked_and_what_was_left_out_is_said(place: Path) -> None:
    done, calls = checked(place, user=1000)
    assert done.returncode == 0, done.stderr
    without = "not browser and not pebble and not postgres15"
    assert calls[-2].endswith(f"-m not alone and {without}")
    assert calls[-1].endswith(f"-m alone and {without}")
    assert {call.split()[0] for call in calls} == {"ruff", "mypy", "lint-imports", "pytest"}
    told = done.stderr.partition("Not everything was checked")[2]
    for how in ("apt-get install chromium", "apt-get install pebble", "apt-get install postgres"):
        assert how in told


def test_for_root_a_failed_installation_is_an_error(place: Path) -> None:
    done, calls = checked(place, user=0)
    assert done.returncode == 1
    assert calls == []
    assert "apt-get install chromium" in done.stderr


def test_a_failed_check_stays_an_error_and_what_was_left_out_is_said(place: Path) -> None:
    program(place / "bin" / "mypy", "#!/bin/sh\nexit 3\n")
    done, calls = checked(place, user=1000)
    assert done.returncode == 3
    assert not [call for call in calls if call.startswith("pytest")]
    assert "Not everything was checked" in done.stderr
