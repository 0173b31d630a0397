"""The one embedder of a process, opened when it is first needed."""

import threading
from pathlib import Path

import structlog

from souk.discovery.search.embedding.embedder import Embedder
from souk.discovery.search.embedding.weights import WeightsMissing

NO_MODEL = "words-only"
"""The model's name where its weights are not installed."""

log = structlog.get_logger("souk.search")


class SharedEmbedder:
    """Opens the model once. Blocking and thread-safe; constructing it does nothing yet."""

    def __init__(self, data_dir: Path, *, threads: int, cached_queries: int) -> None:
        self._data_dir = data_dir
        self._threads = threads
        self._cached_queries = cached_queries
        self._lock = threading.Lock()
        self._opened = False
        self._embedder: Embedder | None = None

    def get(self) -> Embedder | None:
        """The embedder; None where the weights are not installed: search then goes by words."""
        with self._lock:
            if not self._opened:
                try:
                    self._embedder = Embedder.open(
                        self._data_dir, threads=self._threads, cached_queries=self._cached_queries
                    )
                except WeightsMissing as error:
                    log.warning("searching by words alone", reason=str(error))
                self._opened = True
            return self._embedder

    def knows(self, word: str) -> bool:
        """Whether this is a word of the language; never where there is no model."""
        embedder = self.get()
        return embedder is not None and embedder.knows(word)

    def model_name(self) -> str:
        """Names the model that vectors are made with."""
        embedder = self.get()
        return NO_MODEL if embedder is None else embedder.model_name
