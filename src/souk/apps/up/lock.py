"""One marketplace a data folder: a lock that the kernel lets go of however its holder dies."""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from souk.apps.up.errors import UpError

STOPPING: Final = "stopping"
_PATIENCE_S: Final = 40.0


class FolderLock:
    """Held while a marketplace runs on the folder; the file says who holds it, and how it does."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "up.lock"
        self._descriptor: int | None = None

    def take(self) -> None:
        """Takes the lock; waits for a holder that is stopping. Raises UpError for one that runs."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                note = os.pread(descriptor, 256, 0).decode()
                if STOPPING not in note or time.monotonic() > deadline:
                    os.close(descriptor)
                    raise UpError(_in_use(note, self._path.parent)) from None
                time.sleep(0.1)
            else:
                self._descriptor = descriptor
                return

    def note(self, text: str) -> None:
        """Says, for whoever comes next, how far this marketplace is."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"process {os.getpid()}, {text}".encode(), 0)

    def release(self) -> None:
        """Lets the next one in."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_running(data_dir: Path) -> bool:
    """Whether a marketplace runs on the folder."""
    try:
        descriptor = os.open(data_dir / "up.lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _in_use(note: str, folder: Path) -> str:
    return (
        f"A marketplace already runs on {folder} ({note}). "
        "Stop it first (Ctrl-C where it runs), or choose another folder with SOUK_DATA_DIR."
    )
