"""Ends processes that a killed marketplace left behind on the same data folder.

Children end with their parent, but a grandchild whose parent was killed as well does not, and would
keep the port. Every process below `souk up` carries a mark of its folder in its environment; who
carries it while we hold the folder's lock belongs to nobody.
"""

import hashlib
import os
import signal
import time
from pathlib import Path
from typing import Final

MARK: Final = "SOUK_UP_MARK"
_POLITE_S: Final = 5.0
_PROC: Final = Path("/proc")


def mark_of(data_dir: Path) -> str:
    """The mark of a folder's processes."""
    return hashlib.sha256(os.fsencode(data_dir.absolute())).hexdigest()[:24]


def end_leftovers(data_dir: Path) -> int:
    """Ends them, politely first; answers how many there were. Without /proc it finds none."""
    found = _marked(mark_of(data_dir))
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        left = _marked(mark_of(data_dir))
        for pid in left:
            _signal(pid, signal_number)
        deadline = time.monotonic() + _POLITE_S
        while left and time.monotonic() < deadline:
            time.sleep(0.05)
            left = _marked(mark_of(data_dir))
    return len(found)


def _marked(mark: str) -> list[int]:
    wanted = f"{MARK}={mark}".encode()
    return [
        int(folder.name)
        for folder in (_PROC.iterdir() if _PROC.is_dir() else ())
        if folder.name.isdigit()
        and int(folder.name) != os.getpid()
        and wanted in _environment(folder).split(b"\0")
    ]


def _environment(folder: Path) -> bytes:
    try:
        return (folder / "environ").read_bytes()
    except OSError:  # another user's, or gone meanwhile
        return b""


def _signal(pid: int, signal_number: signal.Signals) -> None:
    try:
        os.kill(pid, signal_number)
    except (ProcessLookupError, PermissionError):
        return
