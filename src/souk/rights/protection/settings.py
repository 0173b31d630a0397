"""Limits of devices and of what they may do without contact."""

from typing import Annotated

import msgspec
from msgspec import Meta


class ProtectionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Devices and the keys they get. Variables: `SOUK_PROTECTION_` + the field's name."""

    devices_per_licence: Annotated[int, Meta(ge=1, le=1000)] = 3
    """How many devices may have a licence's key at once; of a licence with seats, for each seat."""
    devices_per_user: Annotated[int, Meta(ge=1, le=10_000)] = 50
    """How many devices a user may have that are not revoked."""
    offline_days: Annotated[int, Meta(ge=1, le=3650)] = 14
    """How long a device opens files without asking again, or until the licence ends if sooner."""
    marked_bytes: Annotated[int, Meta(ge=1, le=2**31)] = 256 * 2**20
    """The largest file of which a marked copy is made, or that is traced."""
    uses_ahead: Annotated[int, Meta(ge=1, le=100_000)] = 10
    """How many uses of a counted licence are set aside for a device that does not say how many."""
