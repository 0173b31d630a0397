"""Settings of badges. Variables: `SOUK_BADGES_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta


class BadgeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a verified seller must have, and how its website is looked at."""

    min_age_days: Annotated[int, Meta(ge=0, le=3650)] = 30
    """How old an organisation must be."""
    standing_days: Annotated[int, Meta(ge=1, le=3650)] = 180
    """How far back a moderators' decision against a seller counts."""
    recheck_days: Annotated[int, Meta(ge=1, le=365)] = 30
    """How old a passed check of a website may be before it is made again."""
    check_wait_s: Annotated[float, Meta(ge=0, le=86_400)] = 60.0
    """How long a seller waits before the same website is looked at once more."""
    timeout_s: Annotated[float, Meta(gt=0, le=30)] = 5.0
    """How long a website may take to answer."""
    allow_private_addresses: bool = False
    """Whether websites may be on private addresses and without https; never in production."""
