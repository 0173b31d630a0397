"""The development provider `test`: every payment settles at once, and no money is taken."""

from typing import Final

from souk.treasury.payments.api import DepositIntent, Started

NAME: Final = "test"


class DevelopmentProvider:
    """Implements `PaymentProvider`. Refused in production, where money must come from somewhere."""

    @property
    def name(self) -> str:
        return NAME

    async def start(self, intent: DepositIntent) -> Started:
        return Started(reference=f"test_{intent.id}", settled=True)
