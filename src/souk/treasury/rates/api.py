"""What other contexts may ask of rates, and the port of those who state them."""

from collections.abc import Sequence
from typing import Protocol

from souk.infra.postgres.uow import UnitOfWork
from souk.treasury.rates.currencies import SHOWN, format_amount
from souk.treasury.rates.model import Converted, Quote, RateTable

__all__ = [
    "SHOWN",
    "Converted",
    "Quote",
    "RateProvider",
    "RateTable",
    "Rates",
    "format_amount",
]


class Rates(Protocol):
    """Dated conversion rates. Nothing here moves money: a purchase from a wallet is always in the
    offer's own currency, and one on a chain keeps the rate that it was priced by."""

    async def table(self, uow: UnitOfWork) -> RateTable:
        """The newest rates, at most a minute old in this process: for many amounts at once."""
        ...

    async def convert(
        self, uow: UnitOfWork, amount_minor: int, currency: str, to: str
    ) -> Converted | None:
        """An amount in another currency; None when no fresh rate connects the two.

        Raises:
            Invalid: `currency_unknown`.
        """
        ...


class RateProvider(Protocol):
    """Somebody who states rates."""

    @property
    def name(self) -> str:
        """The source that its quotes are kept under."""
        ...

    async def fetch(self) -> Sequence[Quote]:
        """The quotes it states now.

        Raises:
            Unavailable: `rates_unavailable` when it does not answer, or not in its format.
        """
        ...
