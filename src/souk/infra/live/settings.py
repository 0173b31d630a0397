"""Settings of live messages. Variables: `SOUK_LIVE_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta


class LiveSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one process, and how long messages are kept."""

    keep_minutes: Annotated[int, Meta(ge=1, le=1440)] = 15
    """How long a reader may be away and still miss nothing."""
    connections: Annotated[int, Meta(ge=1, le=100_000)] = 2000
    """Streams that a process serves at once."""
    connections_per_caller: Annotated[int, Meta(ge=1, le=10_000)] = 30
    """Streams at once for one user, or one address that is not signed in."""
    channels: Annotated[int, Meta(ge=1, le=500)] = 50
    """Channels of one stream."""
    queue: Annotated[int, Meta(ge=1, le=100_000)] = 256
    """Messages that wait for a slow reader before it is told to come back for them."""
    beat_s: Annotated[float, Meta(ge=0.1, le=60)] = 15.0
    """How often a silent stream says that it lives, and whether its reader still may hear it."""
