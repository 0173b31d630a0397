"""Facts about wallets."""

from typing import ClassVar

from souk.kernel.events import Event


class WalletLinked(Event, frozen=True, kw_only=True):
    """A wallet belongs to an account from now on, and may sign in there."""

    topic: ClassVar[str] = "people.wallet_linked"
    wallet_id: str
    user_id: str
    organisation_id: str
    """The account's personal organisation."""
    address: str
    chain_id: int


class WalletUnlinked(Event, frozen=True, kw_only=True):
    """A wallet belongs to the account no longer."""

    topic: ClassVar[str] = "people.wallet_unlinked"
    wallet_id: str
    user_id: str
    organisation_id: str
    address: str
    chain_id: int
