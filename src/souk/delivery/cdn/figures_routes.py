"""HTTP: figures of the CDN."""

from typing import Annotated

from litestar import get, put
from litestar.params import Parameter

from souk.delivery.cdn.figures import Figures
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.cdn_figures import (
    AvailabilityReport,
    CdnAnalytics,
    CdnPrices,
    CdnPricesRequest,
    Forecast,
    NodeMetrics,
)

Hours = Annotated[int, Parameter(ge=1, le=24 * 90)]
Days = Annotated[int, Parameter(ge=1, le=30)]
Month = Annotated[
    str | None, Parameter(pattern="^[0-9]{4}-[0-9]{2}$", description="such as `2026-11`")
]
RegionOrAll = Annotated[str, Parameter(max_length=16, description="all regions when empty")]


@get("/cdn/analytics", tags=["delivery"])
async def analytics(
    uow: UnitOfWork,
    actor: Actor,
    figures: Figures,
    hours: Hours = 24,
    organisation_id: str | None = None,
) -> CdnAnalytics:
    """What was served, and what it cost and saved, by node, region, seller and time.

    An organisation's own; without one everybody's (admins).
    """
    return await figures.analytics(uow, actor, hours=hours, organisation_id=organisation_id)


@get("/cdn/nodes/{node_id:str}/metrics", tags=["delivery"])
async def node_metrics(
    node_id: str, uow: UnitOfWork, actor: Actor, figures: Figures, hours: Hours = 24
) -> NodeMetrics:
    """What one node served, and how it was minute by minute (admins)."""
    return await figures.node_metrics(uow, actor, node_id, hours=hours)


@get("/cdn/prices", tags=["delivery"])
async def show_prices(uow: UnitOfWork, actor: Actor, figures: Figures) -> CdnPrices:
    """What a GB out of each region, and an hour of a node there, cost (admins)."""
    return await figures.prices(uow, actor)


@put("/cdn/prices", tags=["delivery"])
async def set_prices(
    data: CdnPricesRequest, uow: UnitOfWork, actor: Actor, figures: Figures
) -> CdnPrices:
    """Sets these prices anew (admins)."""
    return await figures.set_prices(uow, actor, data)


@get("/cdn/availability", tags=["delivery"])
async def availability(
    uow: UnitOfWork, actor: Actor, figures: Figures, month: Month = None
) -> AvailabilityReport:
    """How available each region and node was in a month, beside the target (admins)."""
    return await figures.availability(uow, actor, month=month)


@get("/cdn/forecast", tags=["delivery"])
async def forecast(
    uow: UnitOfWork, actor: Actor, figures: Figures, region: RegionOrAll = "", days: Days = 7
) -> Forecast:
    """What will be needed in the days to come, with an interval (admins)."""
    return await figures.forecast(uow, actor, region=region, days=days)


ROUTES = [analytics, node_metrics, show_prices, set_prices, availability, forecast]
