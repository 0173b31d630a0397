"""Learns a model from what people did: factors of listings (ALS) and which go together.

Hu, Koren, Volinsky: Collaborative Filtering for Implicit Feedback Datasets (ICDM 2008). Factors of
people are not kept: they follow from the listings' factors and what somebody did until now, so a
purchase counts at once, and the model holds nothing about anybody.
"""

from typing import Final

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from implicit.nearest_neighbours import all_pairs_knn
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from souk.discovery.recommendations.learnt import Codes, Floats, Interactions, Learnt
from souk.discovery.recommendations.settings import RecommendationSettings

TOGETHER: Final = 24
"""Companions kept for each listing."""
SMOOTHING: Final = 8.0
"""People added to every listing's own, so that two visits by chance make no close pair."""
MAX_OF_ONE: Final = 500
"""Listings of one person that count for pairs: a robot's do not tie everything to everything."""
_SEED: Final = 20260101


def learn(interactions: Interactions, settings: RecommendationSettings) -> Learnt:
    """Trains in one thread; the same interactions give the same model."""
    matrix = _matrix(interactions)
    regularisation = interactions.regularisation(settings.regularisation)
    factors = _factors(matrix, settings, regularisation)
    together, closeness = _together(matrix)
    return Learnt(
        listing_ids=interactions.listing_ids,
        factors=factors,
        gram=factors.T @ factors,
        together=together,
        closeness=closeness,
        popularity=np.asarray(matrix.sum(axis=0), np.float32).ravel(),
    )


def _matrix(interactions: Interactions) -> csr_matrix:
    """People by listings."""
    people = interactions.people
    return csr_matrix(
        (interactions.weights, (people, interactions.listings)),
        shape=(int(people.max()) + 1 if len(people) else 0, len(interactions.listing_ids)),
    )


def _factors(matrix: csr_matrix, settings: RecommendationSettings, regularisation: float) -> Floats:
    with threadpool_limits(1, "blas"):
        als = AlternatingLeastSquares(
            factors=settings.factors,
            regularization=regularisation,
            alpha=settings.confidence,
            iterations=settings.iterations,
            num_threads=1,
            random_state=_SEED,
        )
        als.fit(matrix, show_progress=False)
    return np.ascontiguousarray(als.item_factors, np.float32)


def _together(matrix: csr_matrix) -> tuple[Codes, Floats]:
    """The closest listings of each: co-occurrence by the geometric mean of both popularities."""
    once = matrix.astype(np.float64)  # the only type that the neighbours are counted in
    once.data = np.ones_like(once.data)
    busy = np.diff(once.indptr) > MAX_OF_ONE
    if busy.any():
        once = once[np.flatnonzero(~busy)]
    people = np.asarray(once.sum(axis=0)).ravel()
    once.data = (1 / np.sqrt(people + SMOOTHING))[once.indices]
    close = all_pairs_knn(once.tocsr(), TOGETHER + 1, num_threads=1, show_progress=False).tocsr()
    count = matrix.shape[1]
    together = np.full((count, TOGETHER), -1, np.int32)
    closeness = np.zeros((count, TOGETHER), np.float32)
    for listing in range(count):
        row = slice(close.indptr[listing], close.indptr[listing + 1])
        others, scores = close.indices[row], close.data[row]
        kept = (others != listing) & (scores > 0)
        order = np.argsort(-scores[kept], kind="stable")[:TOGETHER]
        together[listing, : len(order)] = others[kept][order]
        closeness[listing, : len(order)] = scores[kept][order]
    return together, closeness
