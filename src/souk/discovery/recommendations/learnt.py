"""What a model is learnt from, and what it is: plain arrays."""

import msgspec
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int32]


class Interactions(msgspec.Struct, frozen=True, kw_only=True):
    """Who had to do with what: one row a person and listing, by number."""

    people: Codes
    listings: Codes
    weights: Floats
    listing_ids: npt.NDArray[np.bytes_]
    """The id behind each listing's number."""

    def regularisation(self, per_interaction: float) -> float:
        """The model's own constant: the more is known of a mean listing, the larger.

        (As Zhou et al. 2008 scale it by the number of ratings; here by the mean, for one constant.)
        """
        return per_interaction * float(self.weights.sum()) / max(1, len(self.listing_ids))


class Learnt(msgspec.Struct, frozen=True, kw_only=True):
    """The model as arrays, one row a listing."""

    listing_ids: npt.NDArray[np.bytes_]
    factors: Floats
    gram: Floats
    """factorsᵀ · factors, which every fold-in needs."""
    together: Codes
    """Listings that the same people had to do with, closest first; -1 where there are no more."""
    closeness: Floats
    popularity: Floats
    """Weight of all that was done with it."""
