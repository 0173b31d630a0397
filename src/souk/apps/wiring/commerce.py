"""Commerce."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts
from souk.commerce.orders import routes
from souk.commerce.orders.api import DownloadHistory
from souk.commerce.orders.revenue import RevenueReports
from souk.commerce.orders.service import OrderService
from souk.commerce.orders.settings import OrderSettings
from souk.commerce.promotions import routes as promotion_routes
from souk.commerce.promotions.service import PromotionService
from souk.people.organisations.api import BillingApi, OrganisationsApi
from souk.rights.licences.api import Licences
from souk.treasury.ledger.api import Ledger
from souk.works.listings.api import Listings


@dataclass(frozen=True, slots=True, kw_only=True)
class Commerce:
    orders: OrderService
    revenue_reports: RevenueReports
    promotions: PromotionService
    parts: Parts


def wire_commerce(
    core: Core,
    *,
    organisations: OrganisationsApi,
    billing: BillingApi,
    ledger: Ledger,
    listings: Listings,
    licences: Licences,
    downloads: DownloadHistory,
) -> Commerce:
    promotions = PromotionService(listings)
    orders = OrderService(
        listings=listings,
        licences=licences,
        ledger=ledger,
        organisations=organisations,
        billing=billing,
        downloads=downloads,
        promotions=promotions,
        settings=core.load(OrderSettings, "orders"),
        marketplace=core.settings.base_url,
    )
    reports = RevenueReports()
    return Commerce(
        orders=orders,
        revenue_reports=reports,
        promotions=promotions,
        parts=Parts(
            services={"orders": orders, "revenue_reports": reports, "promotions": promotions},
            routes=[*routes.ROUTES, *promotion_routes.ROUTES],
        ),
    )
