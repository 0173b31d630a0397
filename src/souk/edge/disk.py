"""Slices as files on the node's disk, each whole or not there at all.

A slice is written under another name and renamed, never changed, and ends with a checksum of its
content and name that every read checks. So there is no index that a crash could leave behind: the
folder is the index, and a file that was cut off, damaged or misplaced reads as not there.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import xxhash

_CHECK_BYTES: Final = 32
_LIST_SUFFIX: Final = "list"
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class SliceKey(NamedTuple):
    """Slice `number` of the file with this sha256."""

    sha256: str
    number: int


class DiskFull(Exception):
    """There is no room for a slice."""


class Damaged(Exception):
    """A stored slice is not what was written."""


class Found(NamedTuple):
    """A slice on the disk."""

    key: SliceKey
    size_bytes: int


class SliceDisk:
    """The folder of slices. Every method blocks: call it in a thread."""

    def __init__(self, folder: Path, *, free_bytes_kept: int) -> None:
        self._folder = folder
        self._free_bytes_kept = free_bytes_kept

    def scan(self) -> list[Found]:
        """Every slice there is, the oldest first; what an interrupted write left is removed."""
        self._folder.mkdir(parents=True, exist_ok=True)
        found: list[tuple[float, Found]] = []
        for path in self._folder.glob("*/*"):
            name, _, suffix = path.name.partition(".")
            if suffix == _LIST_SUFFIX:
                continue
            with suppress(FileNotFoundError):
                if len(name) != 64 or not suffix.isdigit():
                    path.unlink()
                    continue
                stat = path.stat()
                size = stat.st_size - _CHECK_BYTES
                found.append((stat.st_mtime, Found(SliceKey(name, int(suffix)), size)))
        return [one for _, one in sorted(found)]

    def read(self, key: SliceKey) -> bytes | None:
        """The slice; None when it is not there.

        Raises:
            Damaged: its bytes are not those that were written.
        """
        try:
            file = os.open(self._path(key), os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            size = os.fstat(file).st_size - _CHECK_BYTES
            if size < 0:
                raise Damaged(f"{key} is cut off")
            content = os.pread(file, size, 0)
            check = os.pread(file, _CHECK_BYTES, size)
        except OSError as error:
            raise Damaged(f"{key} cannot be read: {error}") from error
        finally:
            os.close(file)
        if _checksum(key, content) != check:
            raise Damaged(f"{key} is damaged")
        return content

    def write(self, key: SliceKey, content: bytes) -> None:
        """Stores a slice.

        Raises:
            DiskFull: no room, or less than what has to stay free.
        """
        self._put(self._path(key), (content, _checksum(key, content)))

    def drop(self, key: SliceKey) -> None:
        """Removes a slice; whoever has it open reads it to its end."""
        with suppress(FileNotFoundError):
            self._path(key).unlink()

    def read_list(self, sha256: str) -> bytes | None:
        """The stored list of a file's slice hashes: the caller checks it against its root."""
        with suppress(OSError):
            return self._list_path(sha256).read_bytes()
        return None

    def write_list(self, sha256: str, digests: bytes) -> None:
        """Stores the list of a file's slice hashes. Raises DiskFull."""
        self._put(self._list_path(sha256), (digests,))

    def drop_list(self, sha256: str) -> None:
        """Removes the list of a file's slice hashes."""
        with suppress(FileNotFoundError):
            self._list_path(sha256).unlink()

    def _put(self, path: Path, pieces: tuple[bytes, ...]) -> None:
        unfinished = path.with_name(f"{path.name}.{os.urandom(4).hex()}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                self._check_room(file, sum(map(len, pieces)))
                for piece in pieces:
                    _write_all(file, piece)
            finally:
                os.close(file)
            unfinished.replace(path)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink()
            if error.errno in _FULL:
                raise DiskFull(str(error)) from error
            raise

    def _check_room(self, file: int, size_bytes: int) -> None:
        room = os.fstatvfs(file)
        if room.f_bavail * room.f_frsize < size_bytes + self._free_bytes_kept:
            raise OSError(errno.ENOSPC, "less would be free than has to stay free")

    def _path(self, key: SliceKey) -> Path:
        return self._folder / key.sha256[:2] / f"{key.sha256}.{key.number:08d}"

    def _list_path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / f"{sha256}.{_LIST_SUFFIX}"


def _checksum(key: SliceKey, content: bytes) -> bytes:
    """Against disks that err, not people: those cannot get past the sha256 when it came in."""
    digest = xxhash.xxh3_128(content)
    digest.update(f"{key.sha256}.{key.number}".encode())
    return b"xxh3".ljust(_CHECK_BYTES - digest.digest_size) + digest.digest()


def _write_all(file: int, content: bytes) -> None:
    for piece in _left(content):
        written = os.write(file, piece)
        while written < len(piece):
            written += os.write(file, piece[written:])


def _left(content: bytes) -> Iterator[memoryview]:
    if content:
        yield memoryview(content)
