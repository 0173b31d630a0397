"""What a child process says: kept in a file of limited size, its end in memory for reports."""

from collections import deque
from pathlib import Path
from typing import Final

LARGEST_BYTES: Final = 10 * 2**20
_REMEMBERED_LINES: Final = 15


class LogFile:
    """Appends to `path`; at 10 MiB the file becomes `<path>.1` and a new one begins."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("ab")
        path.chmod(0o600)
        self._recent: deque[bytes] = deque(maxlen=_REMEMBERED_LINES)

    def write(self, text: bytes) -> None:
        """Adds a piece of output, whole lines or not."""
        if self._file.tell() + len(text) > LARGEST_BYTES:
            self._file.close()
            self.path.replace(self.path.with_name(f"{self.path.name}.1"))
            self._file = self.path.open("ab")
            self.path.chmod(0o600)
        self._file.write(text)
        self._file.flush()
        self._recent.extend(text.splitlines()[-_REMEMBERED_LINES:])

    def recent(self) -> str:
        """The last lines."""
        return b"\n".join(self._recent).decode(errors="replace")

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
