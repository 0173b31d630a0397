"""People, works and what people did with them, made so that the structure is known.

Every work has a popularity (Zipf) and a place in a small space of tastes; so has every person. A
person takes works one after the other, without repeats, with chances in proportion to

    popularity ** skew * exp(pull * <person, work>)

Content vectors are what a text tells of a work's place: the place in many more dimensions, with
noise. A share of the works is new: nobody did anything with them before the split, so that only
content can find them. With `pull` 0 taste plays no part at all, and content vectors are noise
alone: the set that nothing can be learnt from but popularity.
"""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

CONTENT_DIMENSIONS: Final = 64
_BATCH: Final = 1_000

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


class Tastes(msgspec.Struct, frozen=True, kw_only=True):
    """How a set is made."""

    people: int
    works: int
    each: int
    """Works that every person takes."""
    dimensions: int = 12
    pull: float = 2.5
    skew: float = 0.8
    """1 is Zipf's law; 0 makes all works equally popular."""
    noise: float = 1.0
    """Noise in the content vectors, beside 1 of what they tell."""
    new_share: float = 0.05
    held_out: float = 0.2
    """Share of each person's works that is to be found again."""
    seed: int = 7


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """Who took what: row by person, in the order of taking."""

    known: list[Numbers]
    """What the recommender may see of each person, the last one last."""
    hidden: list[Numbers]
    """What it is to find."""
    content: Floats
    """Unit vectors, one a work."""


def make(tastes: Tastes) -> Taken:
    """The same set for the same seed."""
    random = np.random.default_rng(tastes.seed)
    shape = (tastes.works, tastes.dimensions)
    places = random.normal(size=shape) / np.sqrt(tastes.dimensions)
    people = random.normal(size=(tastes.people, tastes.dimensions))
    ranks = random.permutation(tastes.works) + 1
    log_popularity = -tastes.skew * np.log(ranks)
    is_new = random.random(tastes.works) < tastes.new_share
    known, hidden = [], []
    for start in range(0, tastes.people, _BATCH):
        some = people[start : start + _BATCH]
        likes = log_popularity + tastes.pull * some @ places.T
        # The best of chances perturbed by Gumbel noise are drawn as one after the other without
        # repeats (Vieira 2014).
        drawn = likes + random.gumbel(size=likes.shape)
        for row in np.argsort(-drawn, axis=1)[:, : tastes.each]:
            order = random.permutation(row)
            old, new = order[~is_new[order]], order[is_new[order]]
            cut = round(len(old) * (1 - tastes.held_out))
            known.append(old[:cut])
            hidden.append(np.concatenate([old[cut:], new]))
    return Taken(known=known, hidden=hidden, content=_content(places, tastes, random))


def _content(
    places: npt.NDArray[np.float64], tastes: Tastes, random: np.random.Generator
) -> Floats:
    spread = random.normal(size=(tastes.dimensions, CONTENT_DIMENSIONS))
    told = places @ spread if tastes.pull else np.zeros((tastes.works, CONTENT_DIMENSIONS))
    noise = random.normal(size=told.shape) * tastes.noise
    vectors = told + noise
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
