"""Saved searches: above search, which answers them."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts
from souk.discovery.alerts import routes
from souk.discovery.alerts.jobs import AlertTask, alert_handler
from souk.discovery.alerts.matching import Matching
from souk.discovery.alerts.service import SavedSearchService
from souk.discovery.alerts.settings import AlertSettings
from souk.discovery.search.api import Search
from souk.insight.notifications.api import Notices
from souk.people.organisations.api import OrganisationsApi
from souk.works.listings.api import Listings


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertParts:
    saved_searches: SavedSearchService
    parts: Parts


def wire_alerts(
    core: Core,
    *,
    listings: Listings,
    organisations: OrganisationsApi,
    search: Search,
    notices: Notices,
) -> AlertParts:
    settings = core.load(AlertSettings, "alerts")
    saved_searches = SavedSearchService(search=search, settings=settings)
    task = AlertTask(
        Matching(
            database=core.database,
            listings=listings,
            organisations=organisations,
            search=search,
            notices=notices,
            settings=settings,
        )
    )
    return AlertParts(
        saved_searches=saved_searches,
        parts=Parts(
            services={"saved_searches": saved_searches},
            routes=routes.ROUTES,
            handlers=[alert_handler()],
            worker_tasks=[task.run],
        ),
    )
