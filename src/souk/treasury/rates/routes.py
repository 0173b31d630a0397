"""HTTP: rates, stating them, converting."""

from typing import Annotated

from litestar import get, put
from litestar.params import Parameter, QueryParameter

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.money import MAX_AMOUNT_MINOR
from souk.treasury.rates.service import RateService
from souk_client.contracts.treasury import Conversion, RateList, RatesRequest

Code = Annotated[str, Parameter(pattern="^[A-Z]{3,5}$", description="a currency's code")]


@get("/rates", tags=["treasury"])
async def list_rates(uow: UnitOfWork, rates: RateService, base: Code = "EUR") -> RateList:
    """The newest dated rates from one currency to the others; stale ones are marked."""
    return await rates.listed(uow, base=base)


@put("/rates", tags=["treasury"])
async def state_rates(
    data: RatesRequest, uow: UnitOfWork, actor: Actor, rates: RateService
) -> RateList:
    """Admin: keeps the rates of a day; the same source and day again corrects them."""
    return await rates.state(uow, actor, data)


@get("/rates/convert", tags=["treasury"])
async def convert_amount(
    uow: UnitOfWork,
    rates: RateService,
    amount_minor: Annotated[int, QueryParameter(ge=0, le=MAX_AMOUNT_MINOR)],
    currency: Code,
    to: Code,
) -> Conversion:
    """An amount in another currency by the newest fresh rate, rounded half up; null without one."""
    return await rates.conversion(uow, amount_minor=amount_minor, currency=currency, to=to)


ROUTES = [list_rates, state_rates, convert_amount]
