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


def discard_stale_notes(data: Path, socket_dir: Path) -> None:
    """Removes what a dead server noted in its data folder and beside its socket.

    The caller holds the folder's lock and knows that no server lives on `data`. PostgreSQL takes
    any process that has the noted number for its own: another program after a restart of the
    machine, or a dead one that nobody has waited for yet. Two servers are still kept apart by
    their shared memory.
    """
    notes = [data / "postmaster.pid", *socket_dir.glob(".s.PGSQL.*")]
    for note in notes:
        note.unlink(missing_ok=True)


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
