"""Limits of collections."""

from typing import Annotated

import msgspec
from msgspec import Meta


class CollectionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Variables: `SOUK_COLLECTIONS_` + the field's name."""

    max_favourites: Annotated[int, Meta(ge=1, le=100_000)] = 5_000
    """Favourites a user may have."""
    max_follows: Annotated[int, Meta(ge=1, le=100_000)] = 2_000
    """Sellers a user may follow."""
    max_collections: Annotated[int, Meta(ge=1, le=10_000)] = 200
    """Collections an organisation may have."""
    max_items: Annotated[int, Meta(ge=1, le=500)] = 200
    """Works a collection may hold."""
    max_featured: Annotated[int, Meta(ge=1, le=1_000)] = 100
    """Works the admin may have featured at a time, past and coming ones included."""
    tell_batch: Annotated[int, Meta(ge=1, le=5_000)] = 500
    """Followers that are told of a new version in one transaction."""
