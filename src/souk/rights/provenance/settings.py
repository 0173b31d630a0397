"""The provenance log's settings."""

from typing import Annotated

import msgspec
from msgspec import Meta


class ProvenanceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Variables: `SOUK_PROVENANCE_` + the field's name."""

    origin: Annotated[str, Meta(pattern=r"^[^\s+]*$", max_length=200)] = ""
    """The log's name in every signature; the host (and port) of the public address when empty.
    It is fixed at the first head: a later change of this setting or address has no effect."""
    poll_ms: Annotated[int, Meta(ge=10, le=500)] = 100
    """How often the sequencer looks for new entries, in milliseconds."""
    events_per_day: Annotated[int, Meta(ge=0)] = 100_000
    """How many events an organisation may tell of its works on a day (UTC)."""
    batch: Annotated[int, Meta(ge=1, le=20_000)] = 5_000
    """The most entries that one signed head adds."""
