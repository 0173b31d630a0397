"""Use cases of storefronts and badges."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final, Protocol

from souk.discovery.collections.api import Follows
from souk.discovery.reviews.api import Reviews
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, Forbidden, Invalid, TooMany
from souk.kernel.paging import Page, decode_cursor, page_of
from souk.people.organisations.api import OrganisationFacts, OrganisationsApi, Profile, Profiles
from souk.trust.badges import store
from souk.trust.badges.events import WebsiteCheckWanted
from souk.trust.badges.model import Facts, badge_of, verification_address
from souk.trust.badges.settings import BadgeSettings
from souk.trust.moderation.api import Record
from souk.works.listings.api import Listings
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.storefronts import (
    Badge,
    IdentityCase,
    IdentityDecision,
    IdentityRequest,
    Reputation,
    Storefront,
    StorefrontUpdate,
    WebsiteCheck,
)

ADMINISTER: Final = "marketplace:administer"


class Secret(Protocol):
    """Secret bytes by purpose (the keyring has them)."""

    def derive(self, purpose: str) -> bytes:
        """32 bytes that belong to this purpose alone."""
        ...


class BadgeService:
    """Implements `badges.api.Badges`."""

    def __init__(
        self,
        *,
        organisations: OrganisationsApi,
        profiles: Profiles,
        listings: Listings,
        reviews: Reviews,
        follows: Follows,
        record: Record,
        secret: Secret,
        settings: BadgeSettings,
    ) -> None:
        self._organisations = organisations
        self._profiles = profiles
        self._listings = listings
        self._reviews = reviews
        self._follows = follows
        self._record = record
        self._secret = secret
        self._settings = settings

    async def storefront(self, uow: UnitOfWork, slug: str) -> Storefront:
        return await self._storefront(uow, await self._seller(uow, slug))

    async def badge(self, uow: UnitOfWork, organisation_id: str) -> Badge:
        organisation = await self._organisations.get(uow, organisation_id)
        profile = await self._profiles.profile(uow, organisation.id)
        totals = await self._listings.totals(uow, organisation.id)
        return await self._badge(uow, organisation, profile, works=totals.works)

    async def update(
        self, uow: UnitOfWork, actor: Actor, slug: str, update: StorefrontUpdate
    ) -> Storefront:
        organisation = await self._managed(uow, actor, slug)
        before = await self._profiles.profile(uow, organisation.id)
        after = await self._profiles.describe(
            uow, actor, organisation.id, about=update.about, website=update.website
        )
        if after.website != before.website:
            await store.drop(uow, organisation.id, "website")
        return await self._storefront(uow, organisation)

    async def website_check(self, uow: UnitOfWork, actor: Actor, slug: str) -> WebsiteCheck:
        organisation = await self._managed(uow, actor, slug)
        return await self._website_check(uow, organisation)

    async def check_website(self, uow: UnitOfWork, actor: Actor, slug: str) -> WebsiteCheck:
        organisation = await self._managed(uow, actor, slug)
        website = (await self._profiles.profile(uow, organisation.id)).website
        if website is None:
            raise _no_website()
        known = (await store.outcomes(uow, organisation.id)).get("website")
        if known is not None and known.subject == website:
            wait_s = self._settings.check_wait_s - (uow.now - known.requested_at).total_seconds()
            if wait_s > 0:
                raise TooMany(
                    "website_checked_lately",
                    "This website was looked at a moment ago; try again shortly.",
                    retry_after_s=wait_s,
                )
        await store.ask(uow, organisation.id, "website", subject=website)
        uow.publish(WebsiteCheckWanted(organisation_id=organisation.id, website=website))
        return await self._website_check(uow, organisation)

    async def ask_identity(
        self, uow: UnitOfWork, actor: Actor, slug: str, request: IdentityRequest
    ) -> Badge:
        organisation = await self._managed(uow, actor, slug)
        known = (await store.outcomes(uow, organisation.id)).get("identity")
        if known is not None and known.state == "pending":
            raise Conflict(
                "identity_pending", "You have asked already; the operator answers on this page."
            )
        await store.ask(uow, organisation.id, "identity", subject=request.evidence)
        return await self.badge(uow, organisation.id)

    async def identity_cases(
        self, uow: UnitOfWork, actor: Actor, *, cursor: str | None, limit: int
    ) -> Page[IdentityCase]:
        actor.require(ADMINISTER)
        rows = await store.pending_identities(uow, after=_place(cursor), limit=limit + 1)
        page = page_of(
            rows, limit=limit, key=lambda row: [row.requested_at.isoformat(), row.organisation_id]
        )
        known = await self._organisations.many(uow, [row.organisation_id for row in page.items])
        return page.map(
            lambda row: IdentityCase(
                organisation=_ref(known[row.organisation_id]),
                evidence=row.subject,
                requested_at=row.requested_at,
            )
        )

    async def decide_identity(
        self, uow: UnitOfWork, actor: Actor, slug: str, decision: IdentityDecision
    ) -> Badge:
        admin_id = actor.require(ADMINISTER)
        organisation = await self._seller(uow, slug)
        settled = await store.settle(
            uow,
            organisation.id,
            "identity",
            passed=decision.passed,
            outcome=decision.note,
            checked_by=admin_id,
            checked_name=organisation.name,
        )
        if not settled:
            raise Conflict("identity_not_pending", "This seller does not wait to be checked.")
        return await self.badge(uow, organisation.id)

    def token(self, organisation_id: str, website: str) -> str:
        """The text that proves a website: made from our secret, so nobody else can tell it."""
        key = self._secret.derive("badges.website")
        digest = hmac.new(key, f"{organisation_id} {website}".encode(), hashlib.sha256)
        return f"souk-verification={digest.hexdigest()[:40]}"

    async def _website_check(
        self, uow: UnitOfWork, organisation: OrganisationFacts
    ) -> WebsiteCheck:
        website = (await self._profiles.profile(uow, organisation.id)).website
        if website is None:
            raise _no_website()
        badge = await self.badge(uow, organisation.id)
        return WebsiteCheck(
            address=verification_address(website),
            content=self.token(organisation.id, website),
            check=next(check for check in badge.checks if check.kind == "website"),
        )

    async def _storefront(self, uow: UnitOfWork, organisation: OrganisationFacts) -> Storefront:
        profile = await self._profiles.profile(uow, organisation.id)
        totals = await self._listings.totals(uow, organisation.id)
        return Storefront(
            organisation=_ref(organisation),
            personal=organisation.personal,
            hidden=organisation.hidden,
            about=profile.about,
            website=profile.website,
            badge=await self._badge(uow, organisation, profile, works=totals.works),
            reputation=Reputation(
                works=totals.works,
                sales=totals.sales,
                downloads=totals.downloads,
                rating=await self._reviews.of_seller(uow, organisation.id),
                followers=await self._follows.followers(uow, organisation.id),
                since=organisation.created_at,
            ),
        )

    async def _badge(
        self, uow: UnitOfWork, organisation: OrganisationFacts, profile: Profile, *, works: int
    ) -> Badge:
        days = self._settings.standing_days
        facts = Facts(
            name=organisation.name,
            since=organisation.created_at,
            works=works,
            decisions_against=await self._record.decisions_against(
                uow, organisation.id, since=uow.now - timedelta(days=days)
            ),
            website=profile.website,
            outcomes=await store.outcomes(uow, organisation.id),
        )
        return badge_of(
            facts, now=uow.now, min_age_days=self._settings.min_age_days, standing_days=days
        )

    async def _seller(self, uow: UnitOfWork, slug: str) -> OrganisationFacts:
        return await self._organisations.seller(uow, slug)

    async def _managed(self, uow: UnitOfWork, actor: Actor, slug: str) -> OrganisationFacts:
        actor.require_user()
        organisation = await self._seller(uow, slug)
        if not actor.manages(organisation.id):
            raise Forbidden("not_manager", "Only the seller's owners and managers may do this.")
        return organisation


def _place(cursor: str | None) -> tuple[datetime, str] | None:
    """Where the next page of cases starts."""
    key = decode_cursor(cursor, size=2)
    if key is None:
        return None
    try:
        at = datetime.fromisoformat(str(key[0]))
    except ValueError as error:
        raise Invalid("cursor_invalid", "Pass next_cursor exactly as a page gave it.") from error
    return at, str(key[1])


def _ref(organisation: OrganisationFacts) -> OwnerRef:
    return OwnerRef(id=organisation.id, slug=organisation.slug, name=organisation.name)


def _no_website() -> Conflict:
    return Conflict("website_missing", "Name a website on the storefront first.")
