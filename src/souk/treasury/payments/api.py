"""What other contexts may call: deposits and transfers of wallets; and the port of providers."""

from typing import Literal, Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.ids import DepositId
from souk_client.contracts.treasury import (
    Deposit,
    DepositRequest,
    Transfer,
    TransferRequest,
    Wallet,
)


class DepositIntent(msgspec.Struct, frozen=True, kw_only=True):
    """A deposit that a provider is asked to bring about."""

    id: DepositId
    """Also the provider's idempotency key: asked twice with one id, it makes one payment."""
    amount_minor: int
    currency: str


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider answers."""

    reference: str
    """The provider's own id of the payment."""
    settled: bool
    """Whether the money is there already; else a notice tells later."""
    next_url: str | None = None
    """Where the payer goes on, with a provider that asks them something."""


class SettlementNotice(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider tells later, once or more often, about a payment."""

    provider: str
    reference: str
    outcome: Literal["settled", "failed"]
    amount_minor: int
    currency: str
    reason: str = ""
    """Why it failed, for people."""


class PaymentProvider(Protocol):
    """A way for money to come in. A provider turns its own webhooks into a `SettlementNotice`,
    after it has checked their signature, and hands that to `Payments.settle`."""

    @property
    def name(self) -> str:
        """Stable; part of the interface and of the ledger's external account."""
        ...

    async def start(self, intent: DepositIntent) -> Started:
        """Begins a payment.

        Raises:
            Unavailable: the provider does not answer.
        """
        ...


class Payments(Protocol):
    """Money into and between wallets."""

    async def wallet(self, uow: UnitOfWork, actor: Actor, organisation_id: str | None) -> Wallet:
        """Balances of an organisation of the caller's, by currency."""
        ...

    async def deposit(self, uow: UnitOfWork, actor: Actor, request: DepositRequest) -> Deposit:
        """Puts money into a wallet through a payment provider.

        Raises:
            Invalid: `provider_unknown`, `amount_invalid`, `currency_unknown`.
            Forbidden: `provider_refused` for the test provider in production.
        """
        ...

    async def get_deposit(self, uow: UnitOfWork, actor: Actor, deposit_id: str) -> Deposit:
        """A deposit of an organisation of the caller's; raises NotFound `deposit_unknown`."""
        ...

    async def settle(self, uow: UnitOfWork, notice: SettlementNotice) -> Deposit:
        """Credits a deposit exactly once, however often the notice comes (system scope).

        Raises:
            NotFound: `deposit_unknown`.
            Conflict: `deposit_mismatch` when the notice is of another amount, `deposit_final` when
                it contradicts what was noted before.
        """
        ...

    async def transfer(self, uow: UnitOfWork, actor: Actor, request: TransferRequest) -> Transfer:
        """Sends money from a wallet the caller manages to another organisation's.

        Raises:
            PaymentNeeded: `insufficient_funds`.
            Forbidden: `not_manager`.
            NotFound: `organisation_unknown`.
            Invalid: `transfer_to_self`, `amount_invalid`, `currency_unknown`.
        """
        ...
