"""Made-up rates of coins: to try out the local chain, where coins are worth nothing."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from souk.kernel.clock import Clock
from souk.treasury.rates.model import Quote

NAME: Final = "example"
BASE: Final = "USD"
_RATES: Final = {
    "ETH": "0.0004",
    "POL": "4",
    "BNB": "0.0015",
    "AVAX": "0.05",
    "GENX": "10",
    "FTNS": "20",
}


class ExampleProvider:
    """Implements `RateProvider`: the same round figures every day, under a name that says so."""

    name = NAME

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def fetch(self) -> Sequence[Quote]:
        today = self._clock.now().date()
        return [
            Quote(base=BASE, currency=code, as_of=today, source=NAME, rate=Decimal(rate))
            for code, rate in _RATES.items()
        ]
