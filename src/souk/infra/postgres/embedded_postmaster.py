"""Finding, watching and ending a postmaster by its data folder, whoever started it."""

import os
import platform
import signal
import subprocess
import time
from pathlib import Path

from souk.infra.postgres.embedded_errors import EmbeddedPostgresError

_STATUS_LINE = 7


def find_postmaster(data: Path) -> int | None:
    """The process id of the server that lives on `data`; None where the note it left is stale."""
    pid = _noted_pid(data)
    return pid if pid is not None and _lives_on(pid, data) else None


def is_ready(data: Path, pid: int) -> bool:
    """Whether the server accepts connections by its own word, written at the end of recovery."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) > _STATUS_LINE and lines[0] == str(pid) and lines[7].strip() == "ready"


def discard_stale_note(data: Path) -> None:
    """Removes a postmaster.pid whose number now belongs to another program.

    The caller holds the folder's lock. PostgreSQL deals with a number that nobody has by itself,
    but takes any living process for its own. Its shared memory still keeps two servers apart.
    """
    pid = _noted_pid(data)
    if pid is not None and _exists(pid) and not _lives_on(pid, data):
        (data / "postmaster.pid").unlink(missing_ok=True)


def end_postmaster(data: Path, pid: int, *, reap: "subprocess.Popen[bytes] | None" = None) -> None:
    """Ends the server: politely (roll back, checkpoint), then at once, then by force.

    `reap` is the server's process handle when it is our own child. Raises EmbeddedPostgresError if
    even force did not help.
    """
    steps = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
    for signal_number, limit_s in steps:
        try:
            os.kill(pid, signal_number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            gone = reap.poll() is not None if reap else not _lives_on(pid, data)
            if gone:
                return
            time.sleep(0.02)
    raise EmbeddedPostgresError(f"PostgreSQL (process {pid}) on {data} does not stop: end it.")


def _noted_pid(data: Path) -> int | None:
    try:
        first_line = (data / "postmaster.pid").read_text().split("\n", 1)[0]
    except OSError:
        return None
    return int(first_line) if first_line.isdigit() and int(first_line) > 1 else None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _lives_on(pid: int, data: Path) -> bool:
    """A postmaster's working folder is its data folder; a dead one, even unreaped, has none."""
    if platform.system() == "Linux":
        try:
            return Path(f"/proc/{pid}/cwd").samefile(data)
        except OSError:
            return False
    listing = ("/bin/ps", "-p", str(pid), "-o", "command=")
    shown = subprocess.run(listing, capture_output=True, text=True, check=False).stdout
    return str(data) in shown
