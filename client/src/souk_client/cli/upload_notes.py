"""Remembers unfinished uploads, so that `mp publish` goes on where it stopped."""

import threading
from pathlib import Path
from typing import Final

import msgspec

from souk_client.cli.profiles import write_private

_KEPT: Final = 1000


class UploadNotes:
    """A small file of upload ids by content, for one marketplace."""

    def __init__(self, folder: Path, api_url: str) -> None:
        self._file = folder / "uploads.json"
        self._api_url = api_url
        self._lock = threading.Lock()

    def recall(self, sha256: str) -> str | None:
        """The id of an unfinished upload of this content."""
        with self._lock:
            return self._read().get(self._key(sha256))

    def note(self, sha256: str, upload_id: str) -> None:
        """An upload has begun."""
        with self._lock:
            notes = self._read() | {self._key(sha256): upload_id}
            self._write(dict(list(notes.items())[-_KEPT:]))

    def forget(self, sha256: str) -> None:
        """The upload is complete, or lost."""
        with self._lock:
            notes = self._read()
            if notes.pop(self._key(sha256), None) is not None:
                self._write(notes)

    def _key(self, sha256: str) -> str:
        return f"{self._api_url} {sha256}"

    def _read(self) -> dict[str, str]:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=dict[str, str])
        except (FileNotFoundError, msgspec.DecodeError):
            return {}  # these notes only save time: without them an upload starts again

    def _write(self, notes: dict[str, str]) -> None:
        write_private(self._file, msgspec.json.encode(notes))
