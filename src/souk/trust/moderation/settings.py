"""Settings of moderation. Variables: `SOUK_MODERATION_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta


class ModerationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of the queue."""

    reports_per_day: Annotated[int, Meta(ge=1)] = 20
    """Reports that one person may send in 24 hours."""
    claim_minutes: Annotated[int, Meta(ge=1)] = 60
    """How long a claimed case is kept for one moderator; then another may take it."""
