"""How recommendations are learnt and given."""

from typing import Annotated

import msgspec
from msgspec import Meta


class RecommendationSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Variables: `SOUK_RECOMMENDATIONS_` + the field's name."""

    factors: Annotated[int, Meta(ge=4, le=512)] = 64
    """Numbers that a listing is described by in the model."""
    iterations: Annotated[int, Meta(ge=1, le=100)] = 15
    """Rounds of training."""
    regularisation: Annotated[float, Meta(gt=0, le=1000)] = 0.8
    """How strongly the model is held back from fitting chance, for each interaction that a listing
    has on average: too little of it recommends at random where there is nothing to learn."""
    confidence: Annotated[float, Meta(gt=0, le=1000)] = 8.0
    """How much more a view says than no view (alpha of the paper)."""
    half_life_days: Annotated[float, Meta(gt=0, le=36500)] = 180.0
    """After so long, what somebody did counts half."""
    keep_days: Annotated[int, Meta(ge=1, le=36500)] = 730
    """How long what people did is kept here; of visitors without an account 30 days at most."""
    min_interactions: Annotated[int, Meta(ge=2, le=10**9)] = 200
    """Below so many there is nothing to learn from: content and trends alone answer."""
    min_changes: Annotated[int, Meta(ge=1, le=10**9)] = 50
    """New interactions that are worth a new model, at least."""
    changed_share: Annotated[float, Meta(ge=0, le=1)] = 0.02
    """New interactions that are worth a new model, as a share of all."""
    max_interactions: Annotated[int, Meta(ge=100, le=10**8)] = 2_000_000
    """The model learns from at most so many; the latest count."""
    check_s: Annotated[float, Meta(ge=1, le=86400)] = 60.0
    """How often is looked whether a new model is due, and what analytics has new."""
    train_timeout_s: Annotated[float, Meta(ge=1, le=86400)] = 1800.0
    """Training that takes longer is given up."""
