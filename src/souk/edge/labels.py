"""What a stored file is known as, so that a purge by tag or prefix finds it.

Labels are written before the first slice of a file is. After a power cut some may be missing; a
file without any label is dropped by every purge by tag or prefix, so that none escapes.
"""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from souk.edge.tickets import EdgeTicket

MAX_LABELS: Final = 64
"""A file under more names than this counts as without labels."""
_REWRITE_AT_LEAST: Final = 10_000


class _Line(msgspec.Struct, frozen=True, array_like=True):
    sha256: str
    tags: tuple[str, ...]
    path: str


class Labels:
    """Tags and paths by file. `load` before use; it blocks for as long as one small file takes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._tags: dict[str, set[str]] = {}
        self._paths: dict[str, set[str]] = {}
        self._incomplete: set[str] = set()
        self._written = 0

    def load(self, present: Iterable[str]) -> None:
        """Reads the labels of the files that are present, and writes the file anew with these."""
        wanted = set(present)
        if self._file.exists():
            for text in self._file.read_bytes().splitlines():
                try:
                    line = msgspec.json.decode(text, type=_Line)
                except msgspec.DecodeError:
                    continue  # cut off by a crash
                if line.sha256 in wanted:
                    self._take(line)
        self._rewrite()

    def add(self, ticket: EdgeTicket) -> None:
        """Notes under what names a file was asked for."""
        line = _Line(ticket.sha256, tags_of(ticket), ticket.path)
        known = self._tags.get(ticket.sha256, set())
        if known.issuperset(line.tags) and ticket.path in self._paths[ticket.sha256]:
            return
        self._take(line)
        try:
            with self._file.open("ab") as file:
                file.write(msgspec.json.encode(line) + b"\n")
        except OSError:
            self._incomplete.add(ticket.sha256)  # a full disk: without labels it counts as unknown
        self._written += 1
        if self._written > max(_REWRITE_AT_LEAST, 4 * len(self._tags)):
            self._rewrite()

    def forget(self, sha256: str) -> None:
        """Nothing of this file is here any more."""
        self._tags.pop(sha256, None)
        self._paths.pop(sha256, None)
        self._incomplete.discard(sha256)

    def tagged(self, tag: str, present: Iterable[str]) -> set[str]:
        """Those of the files that bear this tag, or whose labels are not known."""
        return {sha for sha in present if self._unknown(sha) or tag in self._tags[sha]}

    def below(self, prefix: str, present: Iterable[str]) -> set[str]:
        """Those of the files with a path that begins so, or whose labels are not known."""
        return {
            sha
            for sha in present
            if self._unknown(sha) or any(path.startswith(prefix) for path in self._paths[sha])
        }

    def _rewrite(self) -> None:
        """Writes the file anew with what is known: it would grow for ever."""
        lines = [
            msgspec.json.encode(_Line(sha256, tuple(self._tags[sha256]), path))
            for sha256, paths in self._paths.items()
            for path in paths
        ]
        fresh = self._file.with_suffix(".new")
        with suppress(OSError):  # a full disk: the long file stays
            fresh.write_bytes(b"".join(line + b"\n" for line in lines))
            fresh.replace(self._file)
        self._written = len(lines)

    def _unknown(self, sha256: str) -> bool:
        return sha256 in self._incomplete or sha256 not in self._tags

    def _take(self, line: _Line) -> None:
        tags = self._tags.setdefault(line.sha256, set())
        paths = self._paths.setdefault(line.sha256, set())
        if len(tags) + len(paths) > MAX_LABELS:
            self._incomplete.add(line.sha256)
            return
        tags.update(line.tags)
        paths.add(line.path)


def tags_of(ticket: EdgeTicket) -> tuple[str, ...]:
    """The tags of what a ticket opens."""
    return (
        f"artifact:{ticket.sha256}",
        f"listing:{ticket.listing_id}",
        f"organisation:{ticket.organisation_id}",
    )
