"""Commerce."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts
from souk.commerce.orders import routes
from souk.commerce.orders.api import DownloadHistory
from souk.commerce.orders.revenue import RevenueReports
from souk.commerce.orders.service import OrderService
from souk.commerce.orders.settings import OrderSettings
from souk.people.organisations.api import OrganisationsApi
from souk.rights.licences.api import Licences
from souk.treasury.ledger.api import Ledger
from souk.works.listings.api import Listings


@dataclass(frozen=True, slots=True, kw_only=True)
class Commerce:
    orders: OrderService
    revenue_reports: RevenueReports
    parts: Parts


def wire_commerce(
    core: Core,
    *,
    organisations: OrganisationsApi,
    ledger: Ledger,
    listings: Listings,
    licences: Licences,
    downloads: DownloadHistory,
) -> Commerce:
    orders = OrderService(
        listings=listings,
        licences=licences,
        ledger=ledger,
        organisations=organisations,
        downloads=downloads,
        settings=core.load(OrderSettings, "orders"),
        marketplace=core.settings.base_url,
    )
    reports = RevenueReports()
    return Commerce(
        orders=orders,
        revenue_reports=reports,
        parts=Parts(services={"orders": orders, "revenue_reports": reports}, routes=routes.ROUTES),
    )
