"""Recommendations."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.discovery.collections.api import Follows
from souk.discovery.recommendations import routes, store
from souk.discovery.recommendations.jobs import AnalyticsReader, TrainTask, deed_handler
from souk.discovery.recommendations.knowing import Knowledge
from souk.discovery.recommendations.service import RecommendationService
from souk.discovery.recommendations.settings import RecommendationSettings
from souk.discovery.recommendations.training import Trainer
from souk.discovery.search.api import Search
from souk.insight.analytics.api import Analytics
from souk.rights.licences.api import Licences
from souk.works.listings.api import Listings


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationParts:
    recommendations: RecommendationService
    parts: Parts


def wire_recommendations(
    core: Core,
    *,
    listings: Listings,
    licences: Licences,
    analytics: Analytics,
    search: Search,
    follows: Follows,
) -> RecommendationParts:
    settings = core.load(RecommendationSettings, "recommendations")
    root = core.settings.data_path / "recommendations"
    knowledge = Knowledge(root)
    recommendations = RecommendationService(
        knowledge=knowledge,
        listings=listings,
        licences=licences,
        search=search,
        analytics=analytics,
        follows=follows,
    )
    reader = AnalyticsReader(analytics, settings)
    trainer = Trainer(database=core.database, root=root, settings=settings)
    return RecommendationParts(
        recommendations=recommendations,
        parts=Parts(
            services={"recommendations": recommendations},
            routes=routes.ROUTES,
            handlers=[deed_handler()],
            schedules=[
                Schedule(name="recommendations.read", every_s=settings.check_s, run=reader.read)
            ],
            worker_tasks=[TrainTask(trainer, settings).run],
            process_tasks=[knowledge.follow],
            on_news={store.CHANNEL: knowledge.wake},
            on_open=[knowledge.load],
        ),
    )
