"""Limits of listings."""

from typing import Annotated

import msgspec
from msgspec import Meta


class ListingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Listings and versions. Variables: `SOUK_LISTINGS_` + the field's name."""

    max_per_organisation: Annotated[int, Meta(ge=1)] = 200_000
    """How many listings an organisation may have."""
    max_versions: Annotated[int, Meta(ge=1)] = 1000
    """How many versions a listing may have."""
    versions_shown: Annotated[int, Meta(ge=1)] = 20
    """How many versions a listing's own answer holds, newest first."""
    publish_wait_s: Annotated[float, Meta(ge=0, le=60)] = 10.0
    """How long publishing waits for scans that are under way before it answers `scan_pending`."""
