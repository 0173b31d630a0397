"""Trust."""

from dataclasses import dataclass

from souk.apps.wiring.moderated import (
    CollectionSubjects,
    ListingSubjects,
    OrganisationSubjects,
    ReviewSubjects,
)
from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.discovery.collections.api import CollectionOversight
from souk.discovery.reviews.api import ReviewOversight
from souk.insight.notifications.api import Notices
from souk.people.organisations.api import OrganisationOversight, OrganisationsApi
from souk.trust.fraud.copies import copies_handler
from souk.trust.fraud.settings import FraudSettings
from souk.trust.fraud.watch import ReviewWatch
from souk.trust.moderation import routes
from souk.trust.moderation.appealing import AppealService
from souk.trust.moderation.jobs import decision_handler
from souk.trust.moderation.service import ModerationService
from souk.trust.moderation.settings import ModerationSettings
from souk.works.listings.api import ListingOversight, Listings


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    moderation: ModerationService
    appeals: AppealService
    parts: Parts


def wire_trust(
    core: Core,
    *,
    organisations: OrganisationsApi,
    oversight: OrganisationOversight,
    listings: Listings,
    hiding: ListingOversight,
    reviews: ReviewOversight,
    collections: CollectionOversight,
    notices: Notices,
) -> Trust:
    moderation = ModerationService(
        kinds={
            "listing": ListingSubjects(listings, hiding),
            "review": ReviewSubjects(reviews, listings),
            "collection": CollectionSubjects(collections),
            "organisation": OrganisationSubjects(organisations, oversight, hiding),
        },
        settings=core.load(ModerationSettings, "moderation"),
    )
    appeals = AppealService()
    fraud_settings = core.load(FraudSettings, "fraud")
    watch = ReviewWatch(
        reviews=reviews,
        organisations=organisations,
        moderation=moderation,
        settings=fraud_settings,
    )
    return Trust(
        moderation=moderation,
        appeals=appeals,
        parts=Parts(
            services={"moderation": moderation, "appeals": appeals},
            routes=routes.ROUTES,
            handlers=[
                decision_handler(notices=notices, organisations=organisations),
                watch.handler(),
                copies_handler(moderation=moderation, listings=listings),
            ],
            schedules=[
                Schedule(
                    name="fraud.sweep",
                    every_s=fraud_settings.sweep_minutes * 60,
                    run=watch.sweep,
                )
            ],
        ),
    )
