"""HTTP: listings side by side. Open to everybody."""

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from souk.discovery.comparisons.service import ComparisonService
from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.comparisons import Comparison


@get(
    "/compare",
    tags=["discovery"],
    opt={"problems": {404: "One of these is not on the market."}},
)
async def compare_listings(
    uow: UnitOfWork,
    comparisons: ComparisonService,
    listing: Annotated[
        list[str] | None,
        QueryParameter(
            max_items=40,
            description="an address (owner/slug) or an id; named up to six times, once a listing",
        ),
    ] = None,
    currency: Annotated[
        str | None,
        QueryParameter(
            pattern="^[A-Z]{3,5}$", description="to also answer prices in, where there are rates"
        ),
    ] = None,
) -> Comparison:
    """Puts up to six published listings side by side: price, rating, metrics, licence, specs, …

    Cell n of every row belongs to listing n. The best cells of a row are marked, all that tie;
    metrics of different data and prices of different currencies (without a rate between them) are
    not compared.
    """
    return await comparisons.compare(uow, listing or [], currency=currency)


ROUTES = [compare_listings]
