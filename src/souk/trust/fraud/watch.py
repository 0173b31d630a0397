"""Looks at recent reviews with every rule, and brings what it finds before the moderators."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from souk.discovery.reviews.api import ReviewFacts, ReviewOversight
from souk.discovery.reviews.events import ReviewWritten
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.people.organisations.api import OrganisationsApi
from souk.trust.fraud.model import Facts, Suspicion
from souk.trust.fraud.rules import examine
from souk.trust.fraud.settings import FraudSettings
from souk.trust.moderation.api import Finding, Moderation


class ReviewWatch:
    """Finds and flags; hides nothing by itself."""

    def __init__(
        self,
        *,
        reviews: ReviewOversight,
        organisations: OrganisationsApi,
        moderation: Moderation,
        settings: FraudSettings,
    ) -> None:
        self._reviews = reviews
        self._organisations = organisations
        self._moderation = moderation
        self._settings = settings

    async def sweep(self, uow: UnitOfWork) -> int:
        """Looks at everything recent; answers how many new flags there are (system scope)."""
        reviews = await self._reviews.facts_since(
            uow, uow.now - self._window, limit=self._settings.max_reviews
        )
        return await self._flag(uow, reviews)

    async def look_around(self, uow: UnitOfWork, listing_ids: Collection[str]) -> int:
        """Looks at these listings, their reviewers and sellers; answers how many new flags."""
        reviews = await self._reviews.facts_around(
            uow, listing_ids, since=uow.now - self._window, limit=self._settings.max_reviews
        )
        return await self._flag(uow, reviews)

    def handler(self) -> Handler:
        """Looks as soon as somebody reviews."""

        async def run(uow: UnitOfWork, delivered: Sequence[Delivered[ReviewWritten]]) -> None:
            await self.look_around(uow, {one.event.listing_id for one in delivered})

        return Handler(name="fraud.reviews", events=(ReviewWritten,), run=run, batch=50)

    @property
    def _window(self) -> timedelta:
        return timedelta(days=self._settings.window_days)

    async def _flag(self, uow: UnitOfWork, reviews: Sequence[ReviewFacts]) -> int:
        sellers = sorted({review.seller_id for review in reviews})
        members = await self._organisations.members_of(uow, sellers) if sellers else {}
        facts = Facts(
            reviews=reviews,
            members={
                seller: frozenset(member.user_id for member in people)
                for seller, people in members.items()
            },
            young=timedelta(days=self._settings.young_days),
            burst=timedelta(hours=self._settings.burst_hours),
        )
        found = examine(facts, threshold=self._settings.threshold)
        flagged = [
            await self._moderation.flag(
                uow, subject_kind="listing", subject_id=one.listing_id, finding=_finding(one)
            )
            for one in found
        ]
        return sum(flagged)


def _finding(found: Suspicion) -> Finding:
    return Finding(
        rule=found.rule,
        fingerprint=found.fingerprint,
        score=found.score,
        reasons=found.reasons,
        review_ids=found.review_ids,
    )
