"""The reading side of an index: snapshots that follow the writer, in any number of processes."""

import os
import threading
import time
from pathlib import Path
from typing import Final

import tantivy

from souk.discovery.search.engine.errors import IndexMissing
from souk.discovery.search.engine.layout import Generation, current_generation
from souk.discovery.search.engine.schema import register_analyzers
from souk.discovery.search.engine.vectors import VectorView
from souk.discovery.search.engine.vocabulary import Vocabulary

_VOCABULARY_AGE_S: Final = 20.0
_ATTEMPTS: Final = 3

Stamp = tuple[int, ...]


class Snapshot:
    """One moment of the index. Safe to share among threads."""

    def __init__(
        self,
        *,
        searcher: tantivy.Searcher,
        schema: tantivy.Schema,
        vectors: VectorView,
        vocabulary: Vocabulary,
        version: int,
    ) -> None:
        self.searcher = searcher
        self.schema = schema
        self.vectors = vectors
        self.vocabulary = vocabulary
        self.version = version
        self.values: dict[str, list[tuple[str, int]]] = {}
        """Values of a facet with their counts over all listings, once they have been asked for."""


class IndexReader:
    """Follows the index under `root`: every snapshot holds all that was applied before the call.

    Noticing a change costs three file look-ups, so no notification is needed between processes.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._stamp: Stamp = ()
        self._watched: tuple[str, ...] = ()
        """Files that change whenever the index does; each is only ever replaced."""
        self._generation: Generation | None = None
        self._index: tantivy.Index | None = None
        self._snapshot: Snapshot | None = None
        self._vocabulary_at = 0.0
        self._vocabulary_thread: threading.Thread | None = None

    def snapshot(self) -> Snapshot:
        """The newest state. Raises IndexMissing when there is no readable index yet."""
        snapshot = self._snapshot
        if snapshot is not None and _stamp_of(self._watched) == self._stamp:
            return snapshot
        with self._lock:
            if self._snapshot is None or _stamp_of(self._watched) != self._stamp:
                self._refresh()
            assert self._snapshot is not None
            return self._snapshot

    def _refresh(self) -> None:
        """Opens what is current. A rebuild may take the files away meanwhile: then once more."""
        for attempt in range(_ATTEMPTS):
            generation = current_generation(self._root)
            watched = (
                str(self._root / "CURRENT"),
                str(generation.path),
                str(generation.text / "meta.json"),
            )
            stamp = _stamp_of(watched)  # before reading: a later change is seen later
            try:
                self._load(generation)
            except (OSError, ValueError) as error:
                self._index = None
                if attempt + 1 == _ATTEMPTS:
                    raise IndexMissing(f"{generation.path} cannot be read: {error}") from error
            else:
                self._watched, self._stamp = watched, stamp
                return

    def _load(self, generation: Generation) -> None:
        old = self._snapshot
        if self._index is None or generation != self._generation:
            generation.manifest()
            self._index = tantivy.Index.open(str(generation.text))
            register_analyzers(self._index)
            self._generation, old = generation, None
        self._index.reload()
        searcher = self._index.searcher()
        self._snapshot = Snapshot(
            searcher=searcher,
            schema=self._index.schema,
            vectors=(
                VectorView(generation) if old is None else old.vectors.with_more_rows(generation)
            ),
            vocabulary=self._vocabulary(searcher, old),
            version=0 if self._snapshot is None else self._snapshot.version + 1,
        )

    def _vocabulary(self, searcher: tantivy.Searcher, old: Snapshot | None) -> Vocabulary:
        """Words change slowly and take a while to gather: they may be some seconds behind."""
        if old is None or len(old.vocabulary) == 0:
            self._vocabulary_at = time.monotonic()
            return gather_words(searcher)
        due = time.monotonic() - self._vocabulary_at > _VOCABULARY_AGE_S
        if due and (self._vocabulary_thread is None or not self._vocabulary_thread.is_alive()):
            self._vocabulary_at = time.monotonic()
            self._vocabulary_thread = threading.Thread(
                target=self._renew_vocabulary, args=(searcher,), daemon=True
            )
            self._vocabulary_thread.start()
        return old.vocabulary

    def _renew_vocabulary(self, searcher: tantivy.Searcher) -> None:
        vocabulary = gather_words(searcher)
        with self._lock:
            if self._snapshot is not None:
                self._snapshot.vocabulary = vocabulary


def _stamp_of(watched: tuple[str, ...]) -> Stamp:
    """What tells one state of these files from another; of plain strings, for its speed."""
    try:
        found = [os.stat(path) for path in watched]  # noqa: PTH116 - three times as fast
    except FileNotFoundError:
        return ()
    return tuple(number for one in found for number in (one.st_ino, one.st_mtime_ns, one.st_size))


def gather_words(searcher: tantivy.Searcher) -> Vocabulary:
    """Every word of the short fields with the number of listings that hold it."""
    return Vocabulary(searcher.terms_with_prefix("words", ""))
