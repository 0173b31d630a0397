"""Settings of sales on chains. Variables: `SOUK_CHAIN_SALES_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta


class ChainSaleSettings(msgspec.Struct, frozen=True, kw_only=True):
    hold_minutes: Annotated[int, Meta(ge=1, le=24 * 60)] = 15
    """How long a signed offer, and with it the rate of its price, can be paid."""
    refund_hours: Annotated[int, Meta(ge=0, le=720)] = 0
    """How long the contract keeps the money of a sale and gives it back when the buyer asks. It
    knows nothing of downloads: with more than 0, files can be fetched and the money as well."""
    open_per_buyer: Annotated[int, Meta(ge=1, le=1000)] = 10
    """How many offers an organisation may have open at once; each keeps its piece of a stock."""
    explorers: str = (
        "ethereum=https://etherscan.io/tx/{hash} polygon=https://polygonscan.com/tx/{hash} "
        "bnb=https://bscscan.com/tx/{hash} avalanche=https://snowtrace.io/tx/{hash} "
        "arbitrum=https://arbiscan.io/tx/{hash}"
    )
    """Where transactions can be looked at: `polygon=https://…/{hash}`, separated by spaces."""
