"""Settings of orders. Variables: `SOUK_ORDERS_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta


class OrderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """When a buyer may have the money back."""

    refund_days: Annotated[int, Meta(ge=0, le=3650)] = 14
    """How long after the purchase."""
    refund_after_download: bool = False
    """Whether also after something was downloaded, or uses were taken, under the licence."""
