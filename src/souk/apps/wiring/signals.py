"""What search asks of reviews, analytics and collections, gathered for it."""

from collections.abc import Mapping, Sequence

from souk.discovery.collections.api import Favourites
from souk.discovery.reviews.api import Reviews
from souk.discovery.search.signals import Signals
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.analytics.api import Analytics


class MarketSignals:
    """Implements `souk.discovery.search.signals.ListingSignals`."""

    def __init__(self, *, reviews: Reviews, analytics: Analytics, collections: Favourites) -> None:
        self._reviews = reviews
        self._analytics = analytics
        self._collections = collections

    async def signals(self, uow: UnitOfWork, listing_ids: Sequence[str]) -> Mapping[str, Signals]:
        """See `ListingSignals.signals`."""
        ratings = await self._reviews.summaries(uow, listing_ids)
        trending = await self._analytics.trending_scores(uow, listing_ids)
        favourites = await self._collections.favourite_counts(uow, listing_ids)
        return {
            one: Signals(
                rating=ratings[one].bayesian if one in ratings and ratings[one].count else None,
                rating_count=ratings[one].count if one in ratings else 0,
                trending=trending.get(one, 0.0),
                favourites=favourites.get(one, 0),
            )
            for one in listing_ids
        }
