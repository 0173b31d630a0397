"""Reviews: below the rest of discovery, which sorts and recommends by ratings."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.discovery.reviews import routes
from souk.discovery.reviews.jobs import check_ratings, licence_handler, notice_handlers
from souk.discovery.reviews.oversight import OversightService
from souk.discovery.reviews.service import ReviewService
from souk.discovery.reviews.settings import ReviewSettings
from souk.insight.notifications.api import Notices
from souk.people.organisations.api import OrganisationsApi
from souk.rights.licences.api import Licences
from souk.works.listings.api import Listings


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewParts:
    reviews: ReviewService
    oversight: OversightService
    parts: Parts


def wire_reviews(
    core: Core,
    *,
    listings: Listings,
    licences: Licences,
    organisations: OrganisationsApi,
    notices: Notices,
) -> ReviewParts:
    reviews = ReviewService(
        listings=listings,
        organisations=organisations,
        licences=licences,
        settings=core.load(ReviewSettings, "reviews"),
    )
    return ReviewParts(
        reviews=reviews,
        oversight=OversightService(),
        parts=Parts(
            services={"reviews": reviews},
            routes=routes.ROUTES,
            handlers=[
                *notice_handlers(notices=notices, organisations=organisations),
                licence_handler(),
            ],
            schedules=[Schedule(name="reviews.check_ratings", every_s=3600, run=check_ratings)],
        ),
    )
