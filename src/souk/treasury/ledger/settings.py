"""How the ledger groups transfers. Variables: `SOUK_LEDGER_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta


class LedgerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of the second door (`submit`, `submit_many`)."""

    max_batch: Annotated[int, Meta(ge=1, le=5000)] = 1000
    """The most transfers that share one commit."""
    max_waiting: Annotated[int, Meta(ge=1, le=1_000_000)] = 10_000
    """Transfers that may wait for their commit; callers beyond that wait to be let in."""
