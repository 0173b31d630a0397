"""Recommends: asks the model, the vectors and the trends, fuses them, keeps to the rules."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from souk.discovery.collections.api import Follows
from souk.discovery.recommendations import store
from souk.discovery.recommendations.candidates import Candidates
from souk.discovery.recommendations.knowing import Knowledge
from souk.discovery.recommendations.model import (
    COMPANIONS,
    FOLLOWED_WEIGHT,
    LEARNT_WEIGHT,
    NEAR_SEEDS,
    NEAR_WEIGHT,
    TOGETHER_WEIGHT,
    TREND_WEIGHT,
    WEIGHTS,
    Seed,
    companions_near,
    names_dataset,
    reason_signal,
    seeds_of,
    spread,
)
from souk.discovery.recommendations.pools import Pools
from souk.discovery.search.api import NearListing, Search
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.analytics.api import Analytics
from souk.kernel.actor import Actor
from souk.kernel.errors import NotFound, Unavailable
from souk.kernel.ids import is_id
from souk.rights.licences.api import Licences
from souk.works.listings.api import Listings
from souk_client.contracts.recommendations import (
    Reason,
    Recommendation,
    Recommendations,
    RelatedListings,
)
from souk_client.contracts.works import Listing, ListingSummary

_DEEDS: Final = 200
_SEEDS: Final = 40
_SEEN: Final = 12
_NEAR: Final = 40
_LEARNT: Final = 120
_TRENDS: Final = 40
_FOLLOWED: Final = 2
_OF_SELLER: Final = 4
_OWNED: Final = 100
_LOOKED_UP: Final = 4
"""So many times the listings asked for are read: some of them are owned, or off the market."""
_POOL_NEAR: Final = 100
_MEASURED_ON: Final = 5
_POOL_S: Final = 15.0
"""A page that many look at is not worked out for each of them."""
_POOLS: Final = 2_000
_SEEN_WEIGHT: Final = 2.0
"""What somebody just looked at says more than the same look last week."""


class RecommendationService:
    """Implements `api.Recommender`."""

    def __init__(
        self,
        *,
        knowledge: Knowledge,
        listings: Listings,
        licences: Licences,
        search: Search,
        analytics: Analytics,
        follows: Follows,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._knowledge = knowledge
        self._listings = listings
        self._licences = licences
        self._search = search
        self._analytics = analytics
        self._follows = follows
        self._pools = Pools(for_s=_POOL_S, most=_POOLS, monotonic_s=monotonic_s)

    async def recommend(
        self, uow: UnitOfWork, actor: Actor, *, seen: Sequence[str] = (), limit: int = 12
    ) -> Recommendations:
        """See `api.Recommender.recommend`."""
        seeds = await self._seeds(uow, actor, seen)
        found = Candidates()
        await self._add_learnt(found, seeds)
        self._add_together(found, seeds)
        await self._add_near(uow, found, seeds)
        await self._add_followed(uow, actor, found)
        personal = bool(len(found))
        await self._add_trends(uow, found)
        without = {seed.listing_id for seed in seeds} | await self._owned(uow, actor)
        items = await self._chosen(uow, actor, found, without=without, limit=limit)
        taster = self._knowledge.taster
        return Recommendations(
            items=items, personal=personal, model=taster.version if taster else None
        )

    async def related(
        self, uow: UnitOfWork, actor: Actor, listing: Listing, *, limit: int = 8
    ) -> RelatedListings:
        """See `api.Recommender.related`."""
        pool = self._pools.get(listing.id)
        if pool is None:
            pool = await self._read_pool(uow, listing)
            self._pools.put(listing.id, pool)
        owned = await self._owned(uow, actor)

        def fit(items: Sequence[Recommendation]) -> list[Recommendation]:
            suitable = [
                (one, one.listing.owner.id)
                for one in items
                if one.listing.id not in owned and not actor.belongs_to(one.listing.owner.id)
            ]
            return spread(suitable, limit=limit)

        complementary = fit(pool.complementary)
        told = {one.listing.id for one in complementary}
        return RelatedListings(
            similar=fit([one for one in pool.similar if one.listing.id not in told]),
            complementary=complementary,
        )

    async def _read_pool(self, uow: UnitOfWork, listing: Listing) -> RelatedListings:
        """What is related to a listing, for whomever: each then gets what suits them of it."""
        near = await self._near(uow, [listing.id], limit=_POOL_NEAR)
        together = self._knowledge.taster.together(listing.id) if self._knowledge.taster else []
        similar = Candidates()
        alike = [one.listing.id for one in near]
        similar.rank(LEARNT_WEIGHT, alike, Reason(kind="similar", text="Alike"))
        similar.rank(
            TOGETHER_WEIGHT,
            [one for one, _ in together],
            Reason(kind="together", text="Viewed by the same people"),
        )
        kinds = COMPANIONS.get(listing.kind, ())
        companions = Candidates()
        nearby = [one.listing for one in near]
        await self._add_measured_on(uow, companions, listing, nearby)
        companions.rank(
            LEARNT_WEIGHT,
            [one for one, _ in together],
            Reason(kind="companion", text="Used by the same people"),
        )
        companions.rank(
            NEAR_WEIGHT,
            companions_near(near, kinds),
            Reason(kind="companion", text="Goes with it"),
        )
        known = await self._listings.summaries(uow, {*companions.best(), *similar.best()})
        without = {listing.id}
        return RelatedListings(
            similar=_shown(similar, known, without=without, kinds=(listing.kind,)),
            complementary=_shown(companions, known, without=without, kinds=kinds),
        )

    async def _seeds(self, uow: UnitOfWork, actor: Actor, seen: Sequence[str]) -> list[Seed]:
        """What somebody had to do with: this session first, then the latest."""
        done = [
            Seed(listing_id, "view", WEIGHTS["view"] * _SEEN_WEIGHT)
            for listing_id in seen[:_SEEN]
            if is_id(listing_id, "lst")
        ]
        if actor.user_id is not None:
            people = [actor.user_id, *actor.memberships]
            done += [
                Seed(deed.listing_id, deed.kind, WEIGHTS[deed.kind])
                for deed in await store.latest_of(uow, people, limit=_DEEDS)
            ]
        return seeds_of(done, limit=_SEEDS)

    async def _add_learnt(self, found: Candidates, seeds: Sequence[Seed]) -> None:
        taster = self._knowledge.taster
        if taster is None or not seeds:
            return
        suited = await asyncio.to_thread(taster.suited, seeds, limit=_LEARNT)
        found.rank(
            LEARNT_WEIGHT,
            [one.listing_id for one in suited],
            {one.listing_id: _because(seeds[one.because]) for one in suited},
        )

    def _add_together(self, found: Candidates, seeds: Sequence[Seed]) -> None:
        taster = self._knowledge.taster
        if taster is None:
            return
        closeness: dict[str, float] = {}
        reasons: dict[str, Reason] = {}
        best: dict[str, float] = {}
        for seed in seeds:
            for listing_id, close in taster.together(seed.listing_id):
                share = close * seed.weight
                closeness[listing_id] = closeness.get(listing_id, 0.0) + share
                if share > best.get(listing_id, 0.0):
                    best[listing_id], reasons[listing_id] = share, _because(seed)
        ranked = sorted(closeness, key=lambda one: (-closeness[one], one))[:_LEARNT]
        found.rank(TOGETHER_WEIGHT, ranked, reasons)

    async def _add_near(self, uow: UnitOfWork, found: Candidates, seeds: Sequence[Seed]) -> None:
        for seed in seeds[:NEAR_SEEDS]:
            near = await self._near(uow, [seed.listing_id], limit=_NEAR)
            found.rank(NEAR_WEIGHT, [one.listing.id for one in near], _because(seed))

    async def _add_followed(self, uow: UnitOfWork, actor: Actor, found: Candidates) -> None:
        if actor.user_id is None:
            return
        followed = await self._follows.followed_by(uow, actor, limit=_FOLLOWED)
        for one in followed.items:
            seller = one.organisation
            page = await self._listings.of_organisation(
                uow, seller.id, state="published", limit=_OF_SELLER
            )
            reason = Reason(kind="followed", text=f"Because you follow {seller.name}")
            found.rank(FOLLOWED_WEIGHT, [listing.id for listing in page.items], reason)

    async def _add_trends(self, uow: UnitOfWork, found: Candidates) -> None:
        trends = await self._analytics.trending(uow, limit=_TRENDS)
        ranked = [one.listing_id for one in trends]
        if not ranked and self._knowledge.taster is not None:
            ranked = self._knowledge.taster.popular(limit=_TRENDS)
        found.rank(TREND_WEIGHT, ranked, Reason(kind="trending", text="Trending now"))

    async def _add_measured_on(
        self,
        uow: UnitOfWork,
        found: Candidates,
        listing: Listing,
        near: Iterable[ListingSummary],
    ) -> None:
        """A model and the datasets that its metrics name belong together, whoever sells either.

        A metric names its dataset by address (`owner/slug`), or by a title that is nearby.
        """
        named = list(dict.fromkeys(one.dataset for one in listing.metrics if one.dataset))
        ranked = []
        for name in named[:_MEASURED_ON]:
            owner, _, slug = name.strip().partition("/")
            try:
                ranked.append((await self._listings.by_address(uow, owner, slug)).id)
            except NotFound:
                ranked += [
                    one.id
                    for one in near
                    if one.kind == "dataset" and names_dataset(name, one.title)
                ]
        reason = Reason(kind="companion", text="Its metrics were measured on this")
        found.rank(2 * LEARNT_WEIGHT, ranked, reason)

    async def _near(
        self, uow: UnitOfWork, listing_ids: Sequence[str], *, limit: int
    ) -> list[NearListing]:
        """What is near in meaning, the nearest first; nothing while search is not ready or busy."""
        try:
            return await self._search.near(uow, listing_ids, limit=limit)
        except Unavailable:
            return []

    async def _owned(self, uow: UnitOfWork, actor: Actor) -> set[str]:
        """What the caller's organisations hold licences of (the latest ones)."""
        if not actor.memberships:
            return set()
        page = await self._licences.list(
            uow, organisation_ids=list(actor.memberships), limit=_OWNED
        )
        return {one.listing_id for one in page.items if one.state == "active"}

    async def _chosen(
        self, uow: UnitOfWork, actor: Actor, found: Candidates, *, without: set[str], limit: int
    ) -> list[Recommendation]:
        """The best that are on the market and not the caller's own, spread over sellers."""
        ranked = [one for one in found.best() if one not in without][: _LOOKED_UP * limit]
        reasons = (found.reason(one).listing_id for one in ranked)
        known = await self._listings.summaries(uow, {*ranked, *filter(None, reasons)})
        shown = _shown(found, known, without=without, among=ranked)
        own = [one for one in shown if not actor.belongs_to(one.listing.owner.id)]
        return spread([(one, one.listing.owner.id) for one in own], limit=limit)


def _shown(
    found: Candidates,
    known: Mapping[str, ListingSummary],
    *,
    without: set[str],
    kinds: Sequence[str] = (),
    among: Sequence[str] | None = None,
) -> list[Recommendation]:
    """Those that are on the market, best first, each with its reason."""
    return [
        Recommendation(listing=known[one], reason=_named(found.reason(one), known))
        for one in (found.best() if among is None else among)
        if one not in without
        and one in known
        and known[one].state == "published"
        and (not kinds or known[one].kind in kinds)
    ]


def _because(seed: Seed) -> Reason:
    """A reason that goes back to a listing; its title is filled in when it is shown."""
    return Reason(kind=reason_signal(seed.signal), text="", listing_id=seed.listing_id)


def _named(reason: Reason, known: Mapping[str, ListingSummary]) -> Reason:
    """The reason in words. One that cannot be named any more is told in general."""
    if reason.listing_id is None:
        return reason
    listing = known.get(reason.listing_id)
    title = listing.title if listing is not None and listing.state == "published" else None
    words = {
        "viewed": f"Because you viewed {title}",
        "bought": f"Because you bought {title}",
        "favourite": f"Because you like {title}",
    }
    if title is None:
        return Reason(kind=reason.kind, text="Because of what you looked at before")
    return Reason(kind=reason.kind, text=words[reason.kind], listing_id=reason.listing_id)
