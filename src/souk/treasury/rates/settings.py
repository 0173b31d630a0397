"""Settings of conversion rates. Variables: `SOUK_RATES_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta


class RateSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where rates come from, and how long they hold."""

    url: str = ""
    """Address of a daily file in the European Central Bank's XML format; nothing is fetched when
    empty."""
    file: str = ""
    """Path of such a file that something else keeps fresh; looked at when `url` is empty."""
    every_hours: Annotated[float, Meta(gt=0, le=24 * 7)] = 6.0
    """How often the file is read."""
    timeout_s: Annotated[float, Meta(gt=0, le=120)] = 15.0
    """How long fetching it may take."""
    max_age_days: Annotated[int, Meta(ge=1, le=365)] = 7
    """Rates older than this are shown as stale, and nothing is converted with them."""
