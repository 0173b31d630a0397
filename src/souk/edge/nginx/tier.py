"""nginx's cache files, found by their keys and made worthless before they are removed.

nginx may hold a cache file open after its name is gone. It reads the head of the file for every
answer, and takes a file whose head names another version of the format for none at all: so a file
that is dropped first loses the version in its head. An answer that is under way sends the bytes
behind the head and ends as it began.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from souk.edge.slices import SLICE_BYTES

_NO_VERSION: Final = bytes(8)


def cache_file(folder: Path, key: str) -> Path:
    """Where nginx keeps the answer of this key (`levels=2`)."""
    digest = hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
    return folder / digest[-2:] / digest


def slice_keys(number: str, sha256: str, size_bytes: int) -> Iterator[str]:
    """The keys of a file's slices, as the configuration makes them."""
    for at in range(0, max(1, size_bytes), SLICE_BYTES):
        yield f"{number}/{sha256}/bytes={at}-{at + SLICE_BYTES - 1}"


def drop(folder: Path, keys: Iterable[str]) -> int:
    """Makes these answers worthless, then removes them; how many there were. It blocks."""
    dropped = 0
    for key in keys:
        path = cache_file(folder, key)
        try:
            file = os.open(path, os.O_WRONLY)
        except FileNotFoundError:
            continue
        try:
            os.pwrite(file, _NO_VERSION, 0)
        finally:
            os.close(file)
        with suppress(FileNotFoundError):
            path.unlink()
        dropped += 1
    return dropped


def empty(folder: Path) -> None:
    """Removes all there is. It blocks, and nginx must not run."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
