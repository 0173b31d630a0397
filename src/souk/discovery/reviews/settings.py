"""Settings of reviews. Variables: `SOUK_REVIEWS_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta


class ReviewSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a rating starts from, and how much one person may write."""

    prior_mean: Annotated[float, Meta(ge=1, le=5)] = 3.5
    """The stars that a listing is taken to have before anybody rates it (m)."""
    prior_weight: Annotated[float, Meta(ge=0, le=10_000)] = 5.0
    """As how many ratings the prior counts in the Bayesian mean (C)."""
    per_day: Annotated[int, Meta(ge=1)] = 20
    """Reviews that one person may write in 24 hours, withdrawn ones included."""
    max_edits: Annotated[int, Meta(ge=1)] = 50
    """How often one review may be changed."""
