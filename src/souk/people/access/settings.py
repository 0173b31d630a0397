"""Settings of sign-in. Variables: `SOUK_ACCESS_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta


class AccessSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Lifetimes and limits."""

    token_minutes: Annotated[int, Meta(ge=1, le=60)] = 15
    """How long an access token lives."""
    session_days: Annotated[int, Meta(ge=1, le=365)] = 30
    """How long a session lives without being used."""
    key_rotation_days: Annotated[int, Meta(ge=1, le=3650)] = 90
    """How old the key that signs access tokens may get."""
    cache_s: Annotated[float, Meta(ge=0, le=60)] = 60.0
    """How long a verified caller is remembered; changes drop it at once."""
    sign_in_per_minute: Annotated[int, Meta(ge=1)] = 20
    """Sign-in attempts a minute for one e-mail address."""
    max_api_keys: Annotated[int, Meta(ge=1)] = 50
    """Live API keys a user may have."""
