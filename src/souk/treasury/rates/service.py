"""The use cases of rates: read them, state them, convert with them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

import structlog

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.treasury.rates import store
from souk.treasury.rates.api import RateProvider
from souk.treasury.rates.currencies import SHOWN, shown_currency
from souk.treasury.rates.errors import RateDateFuture, RateInvalid, RatesUnavailable
from souk.treasury.rates.model import Converted, Quote, RateTable
from souk.treasury.rates.settings import RateSettings
from souk_client.contracts.treasury import Conversion, Rate, RateList, RatesRequest

KEPT: Final = timedelta(seconds=60)
"""How long a process goes on with the table it has read."""
MAX_RATE: Final = Decimal(10) ** 15
LEAST_RATE: Final = Decimal(10) ** -15
MAX_DECIMALS: Final = 18

log = structlog.get_logger("souk.rates")


class RateService:
    """Implements `souk.treasury.rates.api.Rates`."""

    def __init__(self, settings: RateSettings, *, provider: RateProvider | None = None) -> None:
        self._settings = settings
        self._provider = provider
        self._kept: tuple[datetime, RateTable] | None = None

    async def table(self, uow: UnitOfWork) -> RateTable:
        if self._kept is not None and uow.now - self._kept[0] < KEPT:
            return self._kept[1]
        table = await self._read(uow)
        self._kept = (uow.now, table)
        return table

    async def convert(
        self, uow: UnitOfWork, amount_minor: int, currency: str, to: str
    ) -> Converted | None:
        return (await self.table(uow)).convert(amount_minor, currency, to)

    async def conversion(
        self, uow: UnitOfWork, *, amount_minor: int, currency: str, to: str
    ) -> Conversion:
        """The answer of the API: without a fresh rate its amount is null.

        Raises:
            Invalid: `currency_unknown`.
        """
        origin, target = shown_currency(currency).code, shown_currency(to).code
        found = (await self._read(uow)).convert(amount_minor, origin, target)
        return Conversion(
            amount_minor=amount_minor,
            currency=origin,
            to=target,
            converted_minor=found.amount_minor if found else None,
            rate=_text(found.rate) if found else None,
            as_of=found.as_of if found else None,
            source=found.source if found else None,
        )

    async def listed(self, uow: UnitOfWork, *, base: str) -> RateList:
        """What one unit of `base` is worth in every other currency that some rate leads to.

        Raises:
            Invalid: `currency_unknown`.
        """
        code = shown_currency(base).code
        table = await self._read(uow)
        ways = [(to, table.way(code, to)) for to in sorted(SHOWN)]
        return RateList(
            base=code,
            max_age_days=self._settings.max_age_days,
            rates=[
                Rate(
                    currency=to,
                    rate=_text(way.rate),
                    as_of=way.as_of,
                    source=way.source,
                    stale=table.is_stale(way.as_of),
                    crossed=way.legs > 1,
                )
                for to, way in ways
                if way is not None
            ],
        )

    async def state(self, uow: UnitOfWork, actor: Actor, request: RatesRequest) -> RateList:
        """Admin: keeps rates of a day; those of the same source and day are corrected.

        Raises:
            Invalid: `rate_invalid`, `rate_date_future`, `currency_unknown`.
        """
        actor.require("marketplace:administer")
        base = shown_currency(request.base).code
        if request.as_of > uow.now.date():
            raise RateDateFuture(request.as_of)
        quotes = {
            code: Quote(
                base=base, currency=code, as_of=request.as_of, source=request.source, rate=rate
            )
            for code, rate in (_checked(base, one.currency, one.rate) for one in request.rates)
        }
        if len(quotes) != len(request.rates):
            raise RateInvalid("each currency may be quoted once")
        await self._keep(uow, list(quotes.values()))
        return await self.listed(uow, base=base)

    async def fetch(self, uow: UnitOfWork) -> int:
        """Asks the provider, where there is one; answers how many quotes were new (system scope).

        A provider that does not answer is logged: the rates that are there age until stale.
        """
        if self._provider is None:
            return 0
        try:
            quotes = [
                quote for quote in await self._provider.fetch() if quote.as_of <= uow.now.date()
            ]
        except RatesUnavailable as error:
            log.warning("no rates", provider=self._provider.name, problem=error.detail)
            return 0
        return await self._keep(uow, quotes)

    async def _keep(self, uow: UnitOfWork, quotes: Sequence[Quote]) -> int:
        changed = await store.put(uow, quotes)
        uow.after_commit(self._forget)
        return changed

    async def _read(self, uow: UnitOfWork) -> RateTable:
        return RateTable(
            await store.newest(uow),
            today=uow.now.date(),
            max_age_days=self._settings.max_age_days,
        )

    def _forget(self) -> None:
        self._kept = None


def _checked(base: str, currency: str, text: str) -> tuple[str, Decimal]:
    code = shown_currency(currency).code
    if code == base:
        raise RateInvalid(f"{code} is the base; leave it out")
    try:
        rate = Decimal(text)
    except InvalidOperation:
        raise RateInvalid(f"the rate of {code} is no number; write it as 1.0871") from None
    if not rate.is_finite() or not LEAST_RATE <= rate <= MAX_RATE:
        raise RateInvalid(f"the rate of {code} must be above zero and at most 10^15")
    exponent = rate.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > MAX_DECIMALS:
        raise RateInvalid(f"the rate of {code} has more than {MAX_DECIMALS} decimals")
    return code, rate


def _text(rate: Decimal) -> str:
    """Plain digits without an exponent or trailing zeros."""
    plain = f"{rate:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
