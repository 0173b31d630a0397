"""Settings of analytics. Variables: `SOUK_ANALYTICS_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta


class AnalyticsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How facts are taken in, how long they are kept, and how trending forgets."""

    keep_days: Annotated[int, Meta(ge=15, le=730)] = 90
    """How long single facts and search words are kept; sums are kept for good."""
    queue_length: Annotated[int, Meta(ge=100, le=1_000_000)] = 20_000
    """Facts that may wait in a process; more are dropped and counted."""
    batch: Annotated[int, Meta(ge=1, le=5000)] = 500
    """Facts written in one transaction."""
    flush_ms: Annotated[int, Meta(ge=50, le=10_000)] = 500
    """How long facts wait for others before they are written."""
    country_header: str = ""
    """A header in which a trusted proxy names the visitor's country, such as CF-IPCountry; empty
    makes every country `unknown`."""
    trending_half_life_hours: Annotated[int, Meta(ge=1, le=720)] = 48
    """After this time an action counts half for trending."""
    trending_window_days: Annotated[int, Meta(ge=1, le=15)] = 14
    """Older actions do not count for trending at all."""
    trending_seconds: Annotated[int, Meta(ge=1, le=86_400)] = 300
    """How often trending is computed, and how long an answer about it is kept."""
