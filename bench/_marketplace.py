"""A marketplace to put load on: throw-away, empty, and without limits that would bind the load."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from bench._http import Target
from souk.apps.demo.marketplace import ThrowAwayMarketplace, throw_away_marketplace
from souk_client.sdk import Souk

NO_RATE_LIMIT: Final = {"SOUK_RATE_PER_MINUTE": "100000000", "SOUK_LOG_LEVEL": "warning"}
NO_NODES: Final = {"SOUK_CDN_LOCAL_REGIONS": "-"}
"""What the marketplace itself serves is measured by itself; the bench `cdn` starts nodes."""
PASSWORD: Final = "a password of a bench that is gone soon"


@contextmanager
def bench_marketplace(
    *, port: int | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[ThrowAwayMarketplace, Target]]:
    """Starts the real `souk up`; gone afterwards, with all its data.

    Raises:
        souk.apps.demo.marketplace.MarketplaceFailed: it did not get ready.
    """
    settings = NO_RATE_LIMIT | NO_NODES | dict(environment or {})
    with throw_away_marketplace(port=port, environment=settings) as market:
        yield market, Target("127.0.0.1", market.port)


def signed_up(market: ThrowAwayMarketplace, handle: str) -> Souk:
    """A client with a new account; close it."""
    souk = Souk(market.base_url)
    souk.auth.register(
        email=f"{handle}@bench.example", password=PASSWORD, name=handle.title(), handle=handle
    )
    return souk


def bearer(souk: Souk) -> dict[str, str]:
    """The headers that sign a load's requests in as this client, for the session's life."""
    token = souk.credentials.token
    assert token is not None
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
