"""Remembers unfinished uploads in a file, so that a run that was cut off goes on with them."""

from pathlib import Path

import msgspec


class KeptUploads:
    """sha256 of a content → id of its upload, in a small JSON file. Implements `UploadMemory`.

    Losing the file loses nothing: an upload is then simply begun again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def recall(self, sha256: str) -> str | None:
        """The id of an unfinished upload of this content."""
        return self._read().get(sha256)

    def note(self, sha256: str, upload_id: str) -> None:
        """An upload has begun."""
        self._write(self._read() | {sha256: upload_id})

    def forget(self, sha256: str) -> None:
        """The upload is complete, or lost."""
        known = self._read()
        if known.pop(sha256, None) is not None:
            self._write(known)

    def _read(self) -> dict[str, str]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, str])
        except (FileNotFoundError, msgspec.DecodeError):
            return {}

    def _write(self, known: dict[str, str]) -> None:
        scratch = self._path.with_suffix(".new")
        scratch.write_bytes(msgspec.json.encode(known))
        scratch.replace(self._path)
