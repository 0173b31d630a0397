"""The writing side of an index: one process, one at a time."""

import shutil
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import tantivy

from souk.discovery.search.engine.errors import IndexMissing
from souk.discovery.search.engine.facts import facts_of
from souk.discovery.search.engine.layout import (
    Generation,
    OwnerLock,
    create_generation,
    current_generation,
    drop_others,
    publish_generation,
)
from souk.discovery.search.engine.schema import build_schema, register_analyzers, to_tantivy
from souk.discovery.search.engine.vectors import VectorLog
from souk.discovery.search.model import SearchDocument

_HEAP_BYTES: Final = 64_000_000
_SPARE_ROWS: Final = 10_000

HalfVector = npt.NDArray[np.floating]


class Entry(msgspec.Struct, frozen=True):
    """A listing to index, with its vector [384] or None when it has no meaning to search by."""

    document: SearchDocument
    vector: HalfVector | None


class _Open:
    """The files of one generation, open for writing."""

    def __init__(self, generation: Generation, *, threads: int) -> None:
        self.generation = generation
        self.index = tantivy.Index(build_schema(), str(generation.text), reuse=True)
        register_analyzers(self.index)
        self.text = self.index.writer(_HEAP_BYTES, num_threads=1)
        self.vectors = VectorLog(generation, threads=threads)

    def add(self, entries: Sequence[Entry], *, replace: bool) -> None:
        """Vectors first: the text index names their rows, and only what it commits exists."""
        vectors = {
            entry.document.seq: entry.vector for entry in entries if entry.vector is not None
        }
        rows: dict[int, int] = {}
        if vectors:
            facts = [facts_of(entry.document) for entry in entries if entry.vector is not None]
            appended = self.vectors.append(np.stack(list(vectors.values())), facts)
            rows = dict(zip(vectors, appended, strict=True))
        for entry in entries:
            if replace:
                self.forget(entry.document.seq)
            self.text.add_document(to_tantivy(entry.document, row=rows.get(entry.document.seq)))

    def forget(self, seq: int) -> None:
        self.text.delete_documents_by_query(tantivy.Query.term_query(self.index.schema, "seq", seq))

    def close(self) -> None:
        self.text.wait_merging_threads()
        self.vectors.close()


class IndexWriter:
    """Owns the index under `root`. Not thread-safe: one thread calls it.

    Raises IndexBusy when another process owns it. What it holds is only ever derived: when the
    files are missing, damaged or of another version, `is_fresh` says that a rebuild is due, and
    readers find no index until something has been applied.
    """

    def __init__(self, root: Path, *, model: str, threads: int = 1) -> None:
        self._root = root
        self._model = model
        self._threads = threads
        self._lock = OwnerLock(root)
        try:
            self.is_fresh = False
            self._open = self._open_current()
        except IndexMissing:
            self.is_fresh = True
            (root / "CURRENT").unlink(missing_ok=True)
            self._open = _Open(create_generation(root, model=model), threads=threads)

    def _open_current(self) -> _Open:
        generation = current_generation(self._root)
        if generation.manifest().model != self._model:
            raise IndexMissing(f"{generation.path} was made with another embedding model")
        try:
            opened = _Open(generation, threads=self._threads)
            _check(opened)
        except (OSError, ValueError) as error:
            raise IndexMissing(f"{generation.path} is damaged: {error}") from error
        drop_others(self._root, keep=generation)
        return opened

    def changes(self) -> dict[int, int]:
        """Every indexed listing: its number and the change it was last indexed at."""
        return _changes(self._open.index)

    def apply(self, entries: Sequence[Entry], *, removed: Sequence[int] = ()) -> None:
        """Indexes these listings anew and forgets the removed numbers.

        Durable, and visible to every reader's next search, when this returns.
        """
        self._apply(entries, removed)
        if self.is_fresh:
            publish_generation(self._root, self._open.generation)
            self.is_fresh = False

    def _apply(self, entries: Sequence[Entry], removed: Sequence[int]) -> None:
        latest = {entry.document.seq: entry for entry in entries}
        for seq in removed:
            self._open.forget(seq)
        self._open.add(list(latest.values()), replace=True)
        self._open.text.commit()

    def rebuild(self, batches: Iterable[Sequence[Entry]]) -> int:
        """Replaces the whole index by these listings (each once); gives their number.

        Readers use the old one until the new one is complete.
        """
        prepared = self.prepare(batches, threading.Event())
        self.adopt(prepared)
        return prepared.count

    def prepare(self, batches: Iterable[Sequence[Entry]], stop: threading.Event) -> "Prepared":
        """Makes another index of these listings (each once) beside the one in use.

        Another thread may call this meanwhile. Raises IndexMissing when `stop` is set before the
        end; nothing is left of it then.
        """
        generation = create_generation(self._root, model=self._model)
        fresh = _Open(generation, threads=self._threads)
        try:
            return Prepared(fresh, _fill(fresh, batches, stop))
        except BaseException:
            fresh.close()
            shutil.rmtree(generation.path, ignore_errors=True)
            raise

    def adopt(
        self, prepared: "Prepared", entries: Sequence[Entry] = (), *, removed: Sequence[int] = ()
    ) -> None:
        """Puts a prepared index in the place of the present one, with these latest changes."""
        old, self._open = self._open, prepared.opened
        self._apply(entries, removed)
        publish_generation(self._root, self._open.generation)
        self.is_fresh = False
        old.close()

    def grow_graph(self, stop: threading.Event) -> None:
        """Grows the neighbour graph when that is due: seconds, until `stop` is set.

        Another thread may call this meanwhile.
        """
        vectors = self._open.vectors
        if vectors.graph_is_due():
            vectors.grow_graph(stop)

    def is_sparse(self) -> bool:
        """Whether a rebuild pays: most vectors on disk belong to texts that have changed since."""
        self._open.index.reload()
        live = self._open.index.searcher().num_docs
        return self._open.vectors.count > 2 * live + _SPARE_ROWS

    def close(self) -> None:
        self._open.close()
        self._lock.close()


class Prepared:
    """A complete index that nobody uses yet."""

    def __init__(self, opened: _Open, count: int) -> None:
        self.opened = opened
        self.count = count


def _fill(fresh: _Open, batches: Iterable[Sequence[Entry]], stop: threading.Event) -> int:
    count = 0
    for batch in batches:
        fresh.add(batch, replace=False)
        count += len(batch)
    fresh.text.commit()
    if fresh.vectors.graph_is_due():
        fresh.vectors.grow_graph(stop)
    if stop.is_set():
        raise IndexMissing("the index was closed before it was whole")
    return count


def _changes(index: tantivy.Index) -> dict[int, int]:
    index.reload()
    searcher = index.searcher()
    if searcher.num_docs == 0:
        return {}
    hits = searcher.search(tantivy.Query.all_query(), searcher.num_docs, count=False).hits
    addresses = [address for _, address in hits]
    seqs = searcher.fast_field_values("seq", addresses)
    changes = searcher.fast_field_values("change", addresses)
    return {
        int(seq): int(change)
        for seq, change in zip(seqs, changes, strict=True)
        if seq is not None and change is not None
    }


def _check(opened: _Open) -> None:
    """Raises ValueError when the parts of a generation do not belong together."""
    _changes(opened.index)
    searcher = opened.index.searcher()
    beyond = tantivy.Query.range_query(
        opened.index.schema,
        "row",
        tantivy.FieldType.Unsigned,
        lower_bound=opened.vectors.count,
    )
    if searcher.search(beyond, 1).hits:
        raise ValueError("the text index names vectors that are not there")
