"""Badges."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.discovery.collections.api import Follows
from souk.discovery.reviews.api import Reviews
from souk.insight.notifications.api import Notices
from souk.people.organisations.api import OrganisationsApi
from souk.people.organisations.profiles import ProfileService
from souk.people.wallets.api import Dids
from souk.trust.badges import credential_routes, routes
from souk.trust.badges.credentials import CredentialService
from souk.trust.badges.jobs import WebsiteChecks
from souk.trust.badges.service import BadgeService
from souk.trust.badges.settings import BadgeSettings
from souk.trust.moderation.record import DecisionRecord
from souk.works.listings.api import Listings

HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeParts:
    badges: BadgeService
    credentials: CredentialService
    parts: Parts


def wire_badges(
    core: Core,
    *,
    organisations: OrganisationsApi,
    listings: Listings,
    reviews: Reviews,
    follows: Follows,
    notices: Notices,
    dids: Dids,
) -> BadgeParts:
    settings = core.load(BadgeSettings, "badges")
    badges = BadgeService(
        organisations=organisations,
        profiles=ProfileService(),
        listings=listings,
        reviews=reviews,
        follows=follows,
        record=DecisionRecord(),
        secret=core.keyring,
        settings=settings,
    )
    checks = WebsiteChecks(
        badges=badges,
        organisations=organisations,
        notices=notices,
        settings=settings,
        production=core.settings.is_production,
    )
    credentials = CredentialService(
        base_url=core.settings.base_url,
        organisations=organisations,
        badges=badges,
        dids=dids,
        keyring=core.keyring,
    )
    return BadgeParts(
        badges=badges,
        credentials=credentials,
        parts=Parts(
            services={"badges": badges, "credentials": credentials},
            routes=[*routes.ROUTES, *credential_routes.ROUTES],
            handlers=[checks.handler()],
            schedules=[
                Schedule(name="badges.recheck", every_s=HOUR_S, run=checks.sweep),
                Schedule(name="badges.check_credentials", every_s=5, run=credentials.sweep),
            ],
        ),
    )
