"""Facts about money in wallets."""

from typing import ClassVar

from souk.kernel.events import Event


class DepositSettled(Event, frozen=True, kw_only=True):
    """Money from outside is in a wallet."""

    topic: ClassVar[str] = "treasury.deposit_settled"
    deposit_id: str
    organisation_id: str
    amount_minor: int
    currency: str
    provider: str
    transfer_id: str


class WalletTransferMade(Event, frozen=True, kw_only=True):
    """An organisation sent money to another."""

    topic: ClassVar[str] = "treasury.wallet_transfer_made"
    transfer_id: str
    from_organisation_id: str
    to_organisation_id: str
    amount_minor: int
    currency: str
    note: str
