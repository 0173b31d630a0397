"""Vectors on disk: an append-only file of rows, and a graph over most of them.

The graph (HNSW) covers the first N rows and is mapped from its file; the rows after it are few and
are compared one by one. So a new vector is found at once, and no reader ever builds a graph.
"""

import os
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt
import onnxruntime  # noqa: F401  (usearch 2.26 crashes the process if it is loaded before this)
from usearch.compiled import MetricKind, ScalarKind
from usearch.index import Index, search

from souk.discovery.search.engine.facts import FACTS, Column, Facts
from souk.discovery.search.engine.layout import DIMENSIONS, Generation
from souk.discovery.search.engine.sketches import Distances, HalfVectors, Sketches

_ROW_BYTES: Final = DIMENSIONS * 2
_GRAPH_NAME: Final = re.compile(r"graph-(\d+)\.usearch")
_CHUNK: Final = 64
"""Vectors added at a time: other threads of the process get their turn between."""
_TAIL_MINIMUM: Final = 4_096
_EXPANSION_SEARCH: Final = 256
SKETCHED_FROM: Final = 2_048
"""Up to so many rows that pass filters are compared one by one; of more, those with the best
sketches."""

Rows = npt.NDArray[np.uint64]
Similarities = npt.NDArray[np.float32]


class VectorLog:
    """The writing side: appends rows, and grows the graph when its uncovered tail is long."""

    def __init__(self, generation: Generation, *, threads: int = 1) -> None:
        self._generation = generation
        self._threads = threads
        self.count = _row_count(generation)
        # A crash may leave part of a row: it was never named by the text index, so it goes.
        self._vectors = _open_to_append(generation.vectors, self.count * _ROW_BYTES)
        self._facts = _open_to_append(generation.facts, self.count * FACTS.itemsize)

    def append(self, vectors: npt.NDArray[np.floating], facts: Sequence[tuple[int, ...]]) -> range:
        """Adds vectors [n, 384] with their facts, on disk when this returns; their rows."""
        rows = range(self.count, self.count + len(vectors))
        for file, content in (
            (self._vectors, np.ascontiguousarray(vectors, np.float16).tobytes()),
            (self._facts, np.array(facts, FACTS).tobytes()),
        ):
            file.write(content)
            file.flush()
            os.fdatasync(file.fileno())
        self.count = rows.stop
        return rows

    def graph_is_due(self) -> bool:
        """Whether enough rows lie outside the graph to be worth growing it."""
        covered = _covered(self._generation.path)
        return self.count - covered >= max(_TAIL_MINIMUM, covered // 10)

    def grow_graph(self, stop: threading.Event) -> None:
        """Covers every row written so far; readers see the new graph whole or not at all.

        May run beside `append`. Gives up, with nothing changed, when `stop` is set.
        """
        target = self.count
        covered, latest = _latest_graph(self._generation.path)
        graph = _new_graph()
        if latest is not None:
            graph.load(str(latest))
        rows = _map_rows(self._generation.vectors, target)
        for start in range(covered, target, _CHUNK):
            if stop.is_set():
                return
            end = min(start + _CHUNK, target)
            graph.add(
                np.arange(start, end, dtype=np.uint64), rows[start:end], threads=self._threads
            )
        part = self._generation.path / "graph.part"
        graph.save(str(part))
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.rename(self._generation.path / f"graph-{target}.usearch")
        if latest is not None and covered != target:
            latest.unlink(missing_ok=True)

    def close(self) -> None:
        self._vectors.close()
        self._facts.close()


class VectorView:
    """The reading side: one fixed view of rows and graph. Safe to share among threads."""

    def __init__(self, generation: Generation, sketches: Sketches | None = None) -> None:
        self.count = _row_count(generation)
        self._sketches = sketches or Sketches()
        self._rows = _map_rows(generation.vectors, self.count)
        self.facts = _map_facts(generation.facts, self.count)
        self._columns: dict[str, Column] = {}
        if self.count > SKETCHED_FROM:
            self._sketches.cover(self._rows)  # now, rather than while somebody waits
        self.covered, self._graph = _open_graph(generation.path)
        # One graph object keeps its working memory for one search at a time.
        self._lock = threading.Lock()

    def with_more_rows(self, generation: Generation) -> "VectorView":
        """A view of the same graph with the rows added since; a fresh one after a new graph."""
        covered, _ = _latest_graph(generation.path)
        if covered != self.covered:
            return VectorView(generation, self._sketches)
        newer = object.__new__(VectorView)
        newer._sketches = self._sketches
        newer.count = _row_count(generation)
        newer._rows = _map_rows(generation.vectors, newer.count)
        newer.facts = _map_facts(generation.facts, newer.count)
        newer._columns = {}
        newer.covered, newer._graph, newer._lock = self.covered, self._graph, self._lock
        return newer

    def nearest(self, vector: npt.NDArray[np.float32], *, count: int) -> tuple[Rows, Similarities]:
        """The rows nearest in meaning, best first, with their cosines."""
        parts = []
        if self._graph is not None and self.covered:
            with self._lock:
                found = self._graph.search(vector, min(count, self.covered), threads=1)
            parts.append((found.keys.astype(np.uint64), 1 - found.distances))
        if self.count > self.covered:
            tail = np.arange(self.covered, self.count, dtype=np.uint64)
            parts.append(self._exact(self._rows[self.covered :], tail, vector, count))
        if not parts:
            return np.empty(0, np.uint64), np.empty(0, np.float32)
        rows = np.concatenate([rows for rows, _ in parts])
        similarities = np.concatenate([scores for _, scores in parts]).astype(np.float32)
        best = np.argsort(-similarities, kind="stable")[:count]
        return rows[best], similarities[best]

    def nearest_among(
        self, vector: npt.NDArray[np.float32], rows: Rows, *, count: int
    ) -> tuple[Rows, Similarities]:
        """The nearest of these rows, each of them compared."""
        if len(rows) == 0:
            return np.empty(0, np.uint64), np.empty(0, np.float32)
        return self._exact(self._rows[rows], rows, vector, count)

    def fact(self, field: str) -> Column:
        """One fact of every row, side by side: many times faster to look through than the file."""
        column = self._columns.get(field)
        if column is None:
            column = self._columns[field] = np.ascontiguousarray(self.facts[field])
        return column

    def distances(self, vector: npt.NDArray[np.float32]) -> Distances:
        """About how far each row is in meaning: see `sketches`."""
        return self._sketches.distances(self._rows, vector)

    @staticmethod
    def _exact(
        vectors: HalfVectors, rows: Rows, vector: npt.NDArray[np.float32], count: int
    ) -> tuple[Rows, Similarities]:
        found = search(
            np.ascontiguousarray(vectors),
            vector.astype(np.float16),
            min(count, len(rows)),
            MetricKind.Cos,
            exact=True,
            threads=1,
        )
        return rows[found.keys], (1 - found.distances).astype(np.float32)


def _row_count(generation: Generation) -> int:
    """Rows that are whole in both files."""
    return min(
        generation.vectors.stat().st_size // _ROW_BYTES,
        generation.facts.stat().st_size // FACTS.itemsize,
    )


def _open_to_append(path: Path, size_bytes: int) -> BinaryIO:
    file = path.open("r+b")
    file.truncate(size_bytes)
    file.seek(0, os.SEEK_END)
    return file


def _new_graph() -> Index:
    return Index(
        ndim=DIMENSIONS,
        metric=MetricKind.Cos,
        dtype=ScalarKind.F16,
        connectivity=32,
        expansion_add=128,
        expansion_search=_EXPANSION_SEARCH,
    )


def _latest_graph(folder: Path) -> tuple[int, Path | None]:
    """How many rows the widest graph covers, and its file."""
    found = [
        (int(match[1]), path)
        for path in folder.iterdir()
        if (match := _GRAPH_NAME.fullmatch(path.name))
    ]
    return max(found, default=(0, None), key=lambda one: one[0])


def _covered(folder: Path) -> int:
    return _latest_graph(folder)[0]


def _open_graph(folder: Path) -> tuple[int, Index | None]:
    for _ in range(3):  # a newer graph may replace the file between finding and opening it
        covered, path = _latest_graph(folder)
        if path is None:
            return 0, None
        graph = _new_graph()
        try:
            graph.view(str(path))
        except (OSError, RuntimeError):
            continue
        return covered, graph
    return 0, None


def _map_facts(path: Path, count: int) -> Facts:
    return np.memmap(path, FACTS, "r", shape=(count,)) if count else np.empty(0, FACTS)


def _map_rows(path: Path, count: int) -> HalfVectors:
    if count == 0:
        return np.empty((0, DIMENSIONS), np.float16)
    return np.memmap(path, np.float16, "r", shape=(count, DIMENSIONS))
