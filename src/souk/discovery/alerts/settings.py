"""Limits of saved searches."""

from typing import Annotated

import msgspec
from msgspec import Meta


class AlertSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Variables: `SOUK_ALERTS_` + the field's name."""

    max_saved_searches: Annotated[int, Meta(ge=1, le=1_000)] = 50
    """Saved searches a user may have."""
    told_apart: Annotated[int, Meta(ge=1, le=100)] = 3
    """Works that appear together and are told of one by one; more are told of in one notice."""
    listings_at_once: Annotated[int, Meta(ge=1, le=1_000)] = 100
    """Changed listings that saved searches are held against together."""
    questions_at_once: Annotated[int, Meta(ge=1, le=10_000)] = 500
    """Different searches that are read and answered in one step."""
    give_up_minutes: Annotated[int, Meta(ge=1, le=10_080)] = 60
    """How long a listing may wait for the index before nobody is told of it."""
