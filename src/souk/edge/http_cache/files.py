"""Stored answers on the disk: heads that are replaced as a whole, bodies that never change.

A head is written under another name and renamed; it ends with a checksum, and holds those
of its body. A body is written while it comes and counts only once a head names it. So there is no
index that a crash could leave behind.
"""

import errno
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from blake3 import blake3

from souk.edge.disk import Damaged, DiskFull
from souk.edge.http_cache.stored import CHUNK_BYTES, Segment, Stored

_CHECK_BYTES: Final = 32
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_HEAD: Final = ".head"
_BODY: Final = ".body"


class AnswerFiles:
    """The folder of stored answers. Every method blocks: call it in a thread."""

    def __init__(self, folder: Path, *, free_bytes_kept: int) -> None:
        self._folder = folder
        self._free_bytes_kept = free_bytes_kept

    def scan(self) -> list[Stored]:
        """Every answer whose head can be read and whose bodies are there, the oldest first; all
        else in the folder is removed."""
        self._folder.mkdir(parents=True, exist_ok=True)
        found: list[tuple[float, Stored]] = []
        used: set[str] = set()
        for path in self._folder.glob(f"*/*{_HEAD}"):
            stored = self._head(path)
            if stored is not None and all(self._is_there(one) for one in stored.segments):
                found.append((path.stat().st_mtime, stored))
                used |= {stored.id, *(one.file for one in stored.segments)}
        for path in self._folder.glob("*/*"):
            name, _, rest = path.name.partition(".")
            if name not in used or f".{rest}" not in {_HEAD, _BODY}:
                with suppress(OSError):
                    path.unlink()
        return [one for _, one in sorted(found, key=lambda pair: pair[0])]

    def write_head(self, stored: Stored) -> None:
        """Stores a head, in place of the one before. Raises DiskFull, OSError."""
        packed = msgspec.msgpack.encode(stored)
        path = self._path(stored.id, _HEAD)
        fresh = path.with_name(f"{path.name}.{os.urandom(4).hex()}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(packed + blake3(packed).digest())
            fresh.replace(path)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink()
            raise _known(error) from error

    def begin(self, name: str) -> int:
        """A new file for a body, open for writing and reading. Raises DiskFull, OSError."""
        path = self._path(name, _BODY)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise _known(error) from error

    def append(self, file: int, content: bytes, at: int) -> bytes:
        """Writes a chunk; its digest. Raises DiskFull, OSError."""
        try:
            room = os.fstatvfs(file)
            if room.f_bavail * room.f_frsize < len(content) + self._free_bytes_kept:
                raise OSError(errno.ENOSPC, "less would be free than has to stay free")
            done = 0
            while done < len(content):
                done += os.pwrite(file, content[done:], at + done)
        except OSError as error:
            raise _known(error) from error
        return blake3(content).digest()

    def open(self, segment: Segment) -> int:
        """The file of a body: its bytes stay while it is open. Raises Damaged."""
        try:
            return os.open(self._path(segment.file, _BODY), os.O_RDONLY)
        except OSError as error:
            raise Damaged(f"{segment.file} cannot be read: {error}") from error

    def read(self, segment: Segment, chunk: int, file: int | None = None) -> bytes:
        """A chunk of a body, checked; from its file when that is open. Raises Damaged."""
        length = min(CHUNK_BYTES, segment.end - segment.start - chunk * CHUNK_BYTES)
        opened = self.open(segment) if file is None else file
        try:
            content = os.pread(opened, length, chunk * CHUNK_BYTES)
        except OSError as error:
            raise Damaged(f"{segment.file} cannot be read: {error}") from error
        finally:
            if file is None:
                os.close(opened)
        at = chunk * _CHECK_BYTES
        if blake3(content).digest() != segment.digests[at : at + _CHECK_BYTES]:
            raise Damaged(f"chunk {chunk} of {segment.file} is damaged")
        return content

    def drop_head(self, name: str) -> None:
        """Removes a head: what it named is not there any more."""
        with suppress(OSError):
            self._path(name, _HEAD).unlink()

    def drop_bodies(self, names: Iterable[str]) -> None:
        """Removes bodies; whoever has one open reads it to its end."""
        for name in names:
            with suppress(OSError):
                self._path(name, _BODY).unlink()

    def _head(self, path: Path) -> Stored | None:
        with suppress(OSError, msgspec.MsgspecError):
            packed = path.read_bytes()
            content, check = packed[:-_CHECK_BYTES], packed[-_CHECK_BYTES:]
            if blake3(content).digest() == check:
                return msgspec.msgpack.decode(content, type=Stored)
        return None

    def _is_there(self, segment: Segment) -> bool:
        with suppress(OSError):
            size = self._path(segment.file, _BODY).stat().st_size
            return size == segment.end - segment.start
        return False

    def _path(self, name: str, suffix: str) -> Path:
        return self._folder / name[:2] / f"{name}{suffix}"


def _known(error: OSError) -> OSError | DiskFull:
    return DiskFull(str(error)) if error.errno in _FULL else error
