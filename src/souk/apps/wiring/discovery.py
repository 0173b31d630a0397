"""Discovery."""

from dataclasses import dataclass

from souk.apps.wiring.alerts import wire_alerts
from souk.apps.wiring.parts import Core, Parts
from souk.apps.wiring.signals import MarketSignals
from souk.compute.evaluation.api import Evaluations
from souk.discovery.alerts.service import SavedSearchService
from souk.discovery.collections import routes as collection_routes
from souk.discovery.collections.jobs import follow_handlers
from souk.discovery.collections.service import CollectionService
from souk.discovery.collections.settings import CollectionSettings
from souk.discovery.comparisons import routes as comparison_routes
from souk.discovery.comparisons.service import ComparisonService
from souk.discovery.reviews.api import Reviews
from souk.discovery.search import routes, store
from souk.discovery.search.embedding.shared import SharedEmbedder
from souk.discovery.search.executor import SearchExecutor
from souk.discovery.search.feeding import Feeding
from souk.discovery.search.indexer import Indexer
from souk.discovery.search.jobs import EmbedTask, check_task, search_handler, trends_handler
from souk.discovery.search.service import SearchService
from souk.discovery.search.settings import SearchSettings
from souk.insight.analytics.api import Analytics
from souk.insight.notifications.api import Notices
from souk.people.organisations.api import OrganisationsApi
from souk.treasury.rates.api import Rates
from souk.works.listings.api import Listings


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    search: SearchService
    comparisons: ComparisonService
    saved_searches: SavedSearchService
    collections: CollectionService
    parts: Parts


def wire_discovery(
    core: Core,
    *,
    listings: Listings,
    rates: Rates,
    reviews: Reviews,
    organisations: OrganisationsApi,
    notices: Notices,
    analytics: Analytics,
    evaluations: Evaluations,
) -> Discovery:
    settings = core.load(SearchSettings, "search")
    root = core.settings.data_path / "search"
    embedder = SharedEmbedder(
        core.settings.data_path,
        threads=settings.embed_threads,
        cached_queries=settings.cached_queries,
    )
    search = SearchService(root=root, settings=settings, embedder=embedder)
    collection_settings = core.load(CollectionSettings, "collections")
    collections = CollectionService(
        listings=listings, organisations=organisations, settings=collection_settings
    )
    feeding = Feeding(
        database=core.database,
        listings=listings,
        signals=MarketSignals(reviews=reviews, analytics=analytics, collections=collections),
        embedder=embedder,
        executor=SearchExecutor(threads=1, queue_length=16, name="embedding"),
    )
    embed = EmbedTask(feeding)
    indexer = Indexer(database=core.database, root=root, embedder=embedder)

    def wake(payload: str | None) -> None:
        indexer.wake(payload)
        embed.wake(payload)

    comparisons = ComparisonService(
        listings=listings, reviews=reviews, rates=rates, evaluations=evaluations
    )
    alerts = wire_alerts(
        core, listings=listings, organisations=organisations, search=search, notices=notices
    )
    return Discovery(
        search=search,
        saved_searches=alerts.saved_searches,
        comparisons=comparisons,
        collections=collections,
        parts=Parts(
            services={
                "search": search,
                "comparisons": comparisons,
                "collections": collections,
                **alerts.parts.services,
            },
            routes=[
                *routes.ROUTES,
                *comparison_routes.ROUTES,
                *collection_routes.ROUTES,
                *alerts.parts.routes,
            ],
            handlers=[
                search_handler(feeding),
                trends_handler(feeding),
                *alerts.parts.handlers,
                *follow_handlers(
                    notices=notices, organisations=organisations, settings=collection_settings
                ),
            ],
            worker_tasks=[
                indexer.run,
                embed.run,
                *alerts.parts.worker_tasks,
                check_task(feeding, every_s=settings.check_minutes * 60),
            ],
            gauges={"search_behind": indexer.behind},
            on_news={store.CHANNEL: wake},
            on_open=[search.open],
        ),
    )
