"""Answers from a learnt model: what suits somebody who did these things."""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from souk.discovery.recommendations.learnt import Floats, Learnt
from souk.discovery.recommendations.model import Seed

_MOST_SEEDS: Final = 100
_LEAST: Final = 0.005
"""A score is about the chance that somebody takes a listing; below this it says nothing."""


class Suited(msgspec.Struct, frozen=True):
    """A listing that suits somebody, and what of theirs speaks most for it."""

    listing_id: str
    score: float
    because: int
    """Which of the seeds."""


class Taster:
    """A model ready to answer. Thread-safe; nothing in it changes."""

    def __init__(
        self, learnt: Learnt, *, version: str, confidence: float, regularisation: float
    ) -> None:
        self.version = version
        self._learnt = learnt
        self._confidence = confidence
        self._regularisation = regularisation
        self._rows = {
            listing_id.decode(): row for row, listing_id in enumerate(learnt.listing_ids.tolist())
        }

    def __len__(self) -> int:
        return len(self._rows)

    def knows(self, listing_id: str) -> bool:
        return listing_id in self._rows

    def suited(self, seeds: Sequence[Seed], *, limit: int) -> list[Suited]:
        """Folds somebody's deeds in: what suits them best, without what they did it with.

        The seed named is the one whose share of the score is the largest (section 5 of the paper).
        """
        known = [(at, one) for at, one in enumerate(seeds) if one.listing_id in self._rows]
        known = known[:_MOST_SEEDS]
        if not known:
            return []
        rows = np.array([self._rows[one.listing_id] for _, one in known])
        confidence = self._confidence * np.array([one.weight for _, one in known], np.float32)
        theirs = np.asarray(self._learnt.factors[rows], np.float32)
        taste, shares = self._fold_in(theirs, confidence)
        scores = self._learnt.factors @ taste
        scores[rows] = -np.inf
        best = _top(scores, limit)
        best = best[scores[best] > _LEAST]
        if not len(best):
            return []
        speaks = np.argmax(self._learnt.factors[best] @ shares, axis=1)
        return [
            Suited(self._id(row), float(scores[row]), known[seed][0])
            for row, seed in zip(best.tolist(), speaks.tolist(), strict=True)
        ]

    def together(self, listing_id: str) -> list[tuple[str, float]]:
        """What the same people had to do with, closest first."""
        row = self._rows.get(listing_id)
        if row is None:
            return []
        pairs = zip(
            self._learnt.together[row].tolist(), self._learnt.closeness[row].tolist(), strict=True
        )
        return [(self._id(other), close) for other, close in pairs if other >= 0]

    def popular(self, *, limit: int) -> list[str]:
        """What most was done with."""
        return [self._id(row) for row in _top(self._learnt.popularity, limit).tolist()]

    def _fold_in(self, theirs: Floats, confidence: Floats) -> tuple[Floats, Floats]:
        """The factors of somebody's taste, and the share of each seed in it as columns."""
        size = theirs.shape[1]
        left = self._learnt.gram + self._regularisation * np.eye(size, dtype=np.float32)
        left = left + (theirs.T * np.maximum(confidence - 1, 0)) @ theirs
        shares = np.linalg.solve(left, theirs.T * confidence)
        return np.asarray(shares.sum(axis=1), np.float32), np.asarray(shares, np.float32)

    def _id(self, row: int) -> str:
        return bytes(self._learnt.listing_ids[row]).decode()


def _top(scores: Floats, limit: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Rows of the largest finite scores, best first."""
    count = min(limit, len(scores))
    rows = np.argpartition(-scores, count - 1)[:count] if count else np.empty(0, np.int64)
    rows = rows[np.isfinite(scores[rows])]
    return rows[np.argsort(-scores[rows], kind="stable")]
