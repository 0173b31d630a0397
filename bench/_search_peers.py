"""The named peers: SQLite's FTS5 for words and an exact numpy scan for vectors."""

import re
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from souk.discovery.search.engine.words import STOP_WORDS
from souk.discovery.search.model import SearchDocument

_WORD = re.compile(r"\w+")


class Fts5:
    """SQLite's full-text index with Porter stemming and BM25 over the same five fields."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path)
        self._database.executescript(
            """
            PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
            CREATE VIRTUAL TABLE listings USING fts5(
                title, tags, summary, seller, card, tokenize = 'porter unicode61');
            """
        )

    def build(self, documents: Sequence[SearchDocument]) -> float:
        """Seconds to index them all in one transaction."""
        started = time.perf_counter()
        with self._database:
            self._database.executemany(
                "INSERT INTO listings(rowid, title, tags, summary, seller, card)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    (
                        document.seq,
                        document.title,
                        " ".join(document.tags),
                        document.summary,
                        document.seller,
                        document.card,
                    )
                    for document in documents
                ),
            )
        return time.perf_counter() - started

    def search(self, text: str) -> list[int]:
        """The best twenty by BM25, any word of the text."""
        words = [word for word in _WORD.findall(text.lower()) if word not in STOP_WORDS]
        match = " OR ".join(f'"{word}"' for word in words) or '""'
        rows = self._database.execute(
            "SELECT rowid FROM listings WHERE listings MATCH ?"
            " ORDER BY bm25(listings, 2.0, 1.5, 1.3, 1.0, 1.0) LIMIT 20",
            (match,),
        )
        return [row[0] for row in rows]

    def close(self) -> None:
        self._database.close()


def exact_scan(
    vectors: npt.NDArray[np.float32], query: npt.NDArray[np.float32], count: int
) -> npt.NDArray[np.int64]:
    """The nearest rows by one product of the whole matrix, best first."""
    cosines = vectors @ query
    best = np.argpartition(-cosines, count)[:count]
    return best[np.argsort(-cosines[best])]
