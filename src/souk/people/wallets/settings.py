"""Settings of wallets. Variables: `SOUK_WALLETS_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta


class WalletSettings(msgspec.Struct, frozen=True, kw_only=True):
    domains: str = ""
    """Further names (host, with the port where it is not the usual one), separated by commas, under
    which people reach this marketplace: messages signed for them count. Its own always does."""
    chains: str = ""
    """Ids of further chains, separated by commas, on which wallets may say that they are, besides
    Ethereum, Polygon, BNB, Avalanche, Arbitrum and those that this marketplace works on."""
    challenge_minutes: Annotated[int, Meta(ge=1, le=60)] = 10
    """How long a message to sign is good."""
    clock_skew_s: Annotated[int, Meta(ge=0, le=600)] = 60
    """By how much another clock may differ from ours."""
    max_wallets: Annotated[int, Meta(ge=1, le=1000)] = 20
    """Wallets that an account may link."""
    sign_in_per_minute: Annotated[int, Meta(ge=1)] = 20
    """Attempts a minute to sign in with, or link, one wallet."""
