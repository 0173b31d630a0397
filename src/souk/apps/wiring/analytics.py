"""Analytics."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.insight.analytics import routes, store
from souk.insight.analytics.intake import Intake
from souk.insight.analytics.jobs import RollUpTask, SalesFacts
from souk.insight.analytics.reports import Reports
from souk.insight.analytics.rollup import RollUp
from souk.insight.analytics.service import AnalyticsService
from souk.insight.analytics.settings import AnalyticsSettings
from souk.insight.analytics.shelf import Shelf
from souk.insight.analytics.trends import Trends
from souk.people.organisations.api import OrganisationsApi
from souk.works.listings.api import Listings

FORGET_EVERY_S = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsParts:
    analytics: AnalyticsService
    reports: Reports
    rollup: RollUp
    parts: Parts


def wire_analytics(
    core: Core, *, organisations: OrganisationsApi, listings: Listings
) -> AnalyticsParts:
    settings = core.load(AnalyticsSettings, "analytics")
    shelf = Shelf(listings)
    intake = Intake(database=core.database, shelf=shelf, clock=core.clock, settings=settings)
    trends = Trends(settings)
    analytics = AnalyticsService(
        intake=intake,
        trends=trends,
        clock=core.clock,
        settings=settings,
        trusted_proxies=[p.strip() for p in core.settings.trusted_proxies.split(",") if p.strip()],
    )
    reports = Reports(listings)
    rollup = RollUp(live=core.live, settings=settings)
    task = RollUpTask(database=core.database, rollup=rollup)
    sales = SalesFacts(organisations=organisations, shelf=shelf)
    return AnalyticsParts(
        analytics=analytics,
        reports=reports,
        rollup=rollup,
        parts=Parts(
            services={
                "analytics": analytics,
                "analytics_reports": reports,
                "listing_watcher": analytics,
            },
            routes=routes.ROUTES,
            handlers=sales.handlers(),
            schedules=[
                Schedule(name="analytics.forget", every_s=FORGET_EVERY_S, run=rollup.forget_old),
                Schedule(
                    name="analytics.trending", every_s=settings.trending_seconds, run=trends.compute
                ),
            ],
            process_tasks=[intake.run],
            worker_tasks=[task.run],
            on_news={store.NEWS: task.wake},
            on_close=[intake.close],
        ),
    )
