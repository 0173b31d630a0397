"""The words of all listings: mends typing errors and completes what is being typed."""

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

_LONGEST: Final = 24
_SHORTEST: Final = 4
_TWO_ERRORS_FROM: Final = 8
_PLACES: Final = 32

Counts = npt.NDArray[np.int64]
Letters = npt.NDArray[np.uint32]


class Vocabulary:
    """Words with the number of listings that hold each. Immutable."""

    def __init__(self, words: Iterable[tuple[str, int]]) -> None:
        listed = sorted(words)
        self._words = [word for word, _ in listed]
        self._counts: Counts = np.array([count for _, count in listed], np.int64)
        lengths = np.fromiter(map(len, self._words), np.int64, len(self._words))
        self._mendable = np.flatnonzero((lengths >= _SHORTEST - 1) & (lengths <= _LONGEST))
        self._lengths = lengths[self._mendable]
        self._letters = _letters([self._words[index] for index in self._mendable])
        self._masks = _masks(self._letters)
        self._tallies = _tallies(self._letters)

    def __len__(self) -> int:
        return len(self._words)

    def similar(self, word: str, *, limit: int = 3) -> list[tuple[str, int]]:
        """Known words that a typing error or two may have turned into this one, best first.

        An error is a wrong, missing, extra or swapped letter; words of eight letters and more
        may have two. Gives (word, errors). A word shorter than four letters is not guessed at.
        """
        if not _SHORTEST <= len(word) <= _LONGEST or not len(self._mendable):
            return []
        most = 2 if len(word) >= _TWO_ERRORS_FROM else 1
        target = _letters([word])
        near = np.flatnonzero(
            (np.abs(self._lengths - len(word)) <= most)
            # Each error changes at most two of the letters that occur at all.
            & (np.bitwise_count(self._masks ^ _masks(target)[0]) <= 2 * most)
        )
        # A wrong letter changes the tally of letters by two, a missing or extra one by one.
        apart = np.abs(self._tallies[near] - _tallies(target)[0]).sum(axis=1)
        near = near[apart <= 2 * most]
        if not len(near):
            return []
        errors = _distances(target[0, : len(word)], self._letters[near], self._lengths[near])
        kept = near[errors <= most]
        ranked = sorted(
            (
                int(error),
                self._words[self._mendable[index]][0] != word[0],
                -int(self._counts[self._mendable[index]]),
                self._words[self._mendable[index]],
            )
            for index, error in zip(kept, errors[errors <= most], strict=True)
        )
        return [(found, error) for error, _, _, found in ranked[:limit] if found != word]

    def completions(self, prefix: str, *, limit: int = 8) -> list[str]:
        """The words that begin so, the most used first."""
        start = bisect_left(self._words, prefix)
        stop = bisect_left(self._words, f"{prefix}\U0010ffff")
        counts = self._counts[start:stop]
        best = np.argsort(-counts, kind="stable")[:limit]
        return [self._words[start + int(index)] for index in best]

    def begun_like(self, beginning: str, *, limit: int = 3) -> list[str]:
        """Words whose beginning one typing error may have turned into this one, best first.

        The first letter is taken for right.
        """
        if not _SHORTEST <= len(beginning) <= _LONGEST or not len(self._mendable):
            return []
        target = _letters([beginning])
        near = np.flatnonzero(
            (self._lengths > len(beginning)) & (self._letters[:, 0] == target[0, 0])
        )
        if not len(near):
            return []
        errors = _distances(
            target[0, : len(beginning)],
            self._letters[near],
            np.full(len(near), min(len(beginning) + 1, _LONGEST)),
            beginnings=True,
        )
        words = [self._words[self._mendable[index]] for index in near[errors <= 1]]
        return sorted(words, key=lambda word: (-self.count(word), word))[:limit]

    def count(self, word: str) -> int:
        """How many listings hold the word."""
        place = bisect_left(self._words, word)
        known = place < len(self._words) and self._words[place] == word
        return int(self._counts[place]) if known else 0


def _letters(words: list[str]) -> Letters:
    """One row of code points a word, filled up with zeros."""
    padded = np.array(words, dtype=f"U{_LONGEST}")
    return padded.view(np.uint32).reshape(len(words), _LONGEST)


def _masks(letters: Letters) -> npt.NDArray[np.uint64]:
    """Which letters occur, as bits (letters that share a bit only make the filter weaker)."""
    bits = np.left_shift(np.uint64(1), (letters & 63).astype(np.uint64))
    bits[letters == 0] = 0
    joined: npt.NDArray[np.uint64] = np.bitwise_or.reduce(bits, axis=1)
    return joined


def _tallies(letters: Letters) -> npt.NDArray[np.int8]:
    """How often each letter occurs, letters that share a place counted together."""
    tallies = np.zeros((len(letters), _PLACES), np.int8)
    rows = np.arange(len(letters))
    for column in range(_LONGEST):
        letter = letters[:, column]
        np.add.at(tallies, (rows, letter & (_PLACES - 1)), letter != 0)
    return tallies


def _distances(
    target: npt.NDArray[np.uint32],
    words: Letters,
    lengths: npt.NDArray[np.int64],
    *,
    beginnings: bool = False,
) -> npt.NDArray[np.int64]:
    """Optimal string alignment distance of one word to many, all of them at once; or to the
    nearest beginning of each, of at most its length.

    Damerau-Levenshtein with each pair of letters swapped at most once (Boytsov 2011, section 2.2).
    """
    width = int(lengths.max())
    before: npt.NDArray[np.int64] | None = None
    last = np.tile(np.arange(width + 1), (len(words), 1))
    for row, letter in enumerate(target, start=1):
        current = np.empty_like(last)
        current[:, 0] = row
        for column in range(1, width + 1):
            other = words[:, column - 1]
            best = np.minimum(last[:, column] + 1, current[:, column - 1] + 1)
            best = np.minimum(best, last[:, column - 1] + (other != letter))
            if before is not None and column > 1:
                swapped = (other == target[row - 2]) & (words[:, column - 2] == letter)
                best = np.where(swapped, np.minimum(best, before[:, column - 2] + 1), best)
            current[:, column] = best
        before, last = last, current
    if beginnings:
        return np.asarray(last.min(axis=1), np.int64)
    return np.asarray(last[np.arange(len(words)), lengths], np.int64)
