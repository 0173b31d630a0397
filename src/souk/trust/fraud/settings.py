"""Settings of the watch over reviews. Variables: `SOUK_FRAUD_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta


class FraudSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How far back the rules look, and from when on they speak."""

    window_days: Annotated[int, Meta(ge=1, le=365)] = 30
    """Reviews that are looked at together are at most this old."""
    threshold: Annotated[float, Meta(ge=0, le=1)] = 0.5
    """The score from which a finding comes before the moderators."""
    sweep_minutes: Annotated[int, Meta(ge=1)] = 15
    """How often everything recent is looked at."""
    max_reviews: Annotated[int, Meta(ge=100, le=100_000)] = 10_000
    """The most reviews that are looked at in one go, the newest first."""
    young_days: Annotated[int, Meta(ge=1)] = 7
    """An account younger than this at its review counts as young."""
    burst_hours: Annotated[int, Meta(ge=1)] = 24
    """How close together the reviews of a burst are."""
