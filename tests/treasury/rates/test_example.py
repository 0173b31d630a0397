"""Made-up rates stand under a name that says so, and are of today."""

from souk.kernel.clock import SystemClock
from souk.treasury.rates.currencies import SHOWN
from souk.treasury.rates.example import ExampleProvider


async def test_example_rates_say_what_they_are() -> None:
    clock = SystemClock()
    quotes = await ExampleProvider(clock).fetch()
    assert {quote.source for quote in quotes} == {"example"}
    assert {quote.currency for quote in quotes} == {"ETH", "POL", "BNB", "AVAX", "GENX", "FTNS"}
    assert {quote.currency for quote in quotes} <= SHOWN.keys()
    assert all(quote.rate > 0 and quote.as_of <= clock.now().date() for quote in quotes)
