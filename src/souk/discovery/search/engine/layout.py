"""Where an index lies on disk, and who may write it.

    <root>/owner.lock          held by the one process that writes
    <root>/CURRENT             names the generation that readers use
    <root>/g-…/manifest.json   format, embedding model
    <root>/g-…/text/           tantivy
    <root>/g-…/vectors.f16     one row of 384 half-precision numbers for each vector ever added
    <root>/g-…/facts.rows      a few facts of each row, for filters
    <root>/g-…/graph-N.usearch nearest-neighbour graph over the first N rows

A rebuild makes a new generation beside the old one and swaps CURRENT; nothing readers use is ever
changed in place.
"""

import fcntl
import os
import shutil
import uuid
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from souk.discovery.search.engine.errors import IndexBusy, IndexMissing
from souk.discovery.search.engine.schema import FORMAT

DIMENSIONS: Final = 384


class Manifest(msgspec.Struct, frozen=True):
    """What a generation was made with; any difference means it must be rebuilt."""

    model: str
    format: int = FORMAT
    dimensions: int = DIMENSIONS


class Generation(msgspec.Struct, frozen=True):
    """One self-contained index."""

    path: Path

    @property
    def text(self) -> Path:
        return self.path / "text"

    @property
    def vectors(self) -> Path:
        return self.path / "vectors.f16"

    @property
    def facts(self) -> Path:
        return self.path / "facts.rows"

    def manifest(self) -> Manifest:
        """Raises IndexMissing when it cannot be read or is of another format."""
        try:
            manifest = msgspec.json.decode(
                (self.path / "manifest.json").read_bytes(), type=Manifest
            )
        except (OSError, msgspec.DecodeError) as error:
            raise IndexMissing(f"{self.path} has no readable manifest: {error}") from error
        if manifest.format != FORMAT or manifest.dimensions != DIMENSIONS:
            raise IndexMissing(f"{self.path} has format {manifest.format}, not {FORMAT}")
        return manifest


def create_generation(root: Path, *, model: str) -> Generation:
    """An empty generation that nobody uses yet."""
    generation = Generation(root / f"g-{uuid.uuid4().hex[:12]}")
    generation.text.mkdir(parents=True)
    generation.vectors.touch()
    generation.facts.touch()
    write_atomically(generation.path / "manifest.json", msgspec.json.encode(Manifest(model=model)))
    return generation


def current_generation(root: Path) -> Generation:
    """The generation in use; IndexMissing when there is none."""
    try:
        name = (root / "CURRENT").read_text("ascii").strip()
    except OSError as error:
        raise IndexMissing(f"{root} holds no index") from error
    generation = Generation(root / name)
    if not generation.path.is_dir():
        raise IndexMissing(f"{generation.path} is gone")
    return generation


def publish_generation(root: Path, generation: Generation) -> None:
    """Makes readers use this generation from their next search on, and drops all others.

    A reader that still has an old one open keeps its files until it lets go of them.
    """
    write_atomically(root / "CURRENT", generation.path.name.encode())
    drop_others(root, keep=generation)


def drop_others(root: Path, *, keep: Generation) -> None:
    for path in root.glob("g-*"):
        if path != keep.path:
            shutil.rmtree(path, ignore_errors=True)


def write_atomically(path: Path, content: bytes) -> None:
    """The file appears whole, and survives a loss of power, or does not change at all."""
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())
    part.rename(path)


class OwnerLock:
    """The right to write the index under a root. The system gives it back if the process dies."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._file = (root / "owner.lock").open("w")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise IndexBusy(f"another process writes the index in {root}") from error

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
