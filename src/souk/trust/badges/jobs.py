"""Looking at websites: when a seller asks, and now and then again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications.api import Notices
from souk.people.organisations.api import OrganisationsApi
from souk.trust.badges import store
from souk.trust.badges.events import WebsiteCheckWanted
from souk.trust.badges.model import host_of
from souk.trust.badges.service import BadgeService
from souk.trust.badges.settings import BadgeSettings
from souk.trust.badges.website import NotProved, Website

AT_ONCE: Final = 50


class WebsiteChecks:
    """Carries the checks out in the worker."""

    def __init__(
        self,
        *,
        badges: BadgeService,
        organisations: OrganisationsApi,
        notices: Notices,
        settings: BadgeSettings,
        production: bool,
    ) -> None:
        self._badges = badges
        self._organisations = organisations
        self._notices = notices
        self._settings = settings
        self._website = Website(
            timeout_s=settings.timeout_s,
            allow_private=settings.allow_private_addresses and not production,
        )

    def handler(self) -> Handler:
        """One site at a time: a slow one keeps nobody's transaction open but its own."""
        return Handler(name="badges.websites", events=(WebsiteCheckWanted,), run=self._run)

    async def sweep(self, uow: UnitOfWork) -> None:
        """Looks again at what was proved long ago."""
        before = uow.now - timedelta(days=self._settings.recheck_days)
        for old in await store.proved_before(uow, before, limit=AT_ONCE):
            uow.publish(
                WebsiteCheckWanted(organisation_id=old.organisation_id, website=old.subject)
            )

    async def _run(self, uow: UnitOfWork, delivered: Sequence[Delivered[Any]]) -> None:
        for one in delivered:
            await self._check(uow, one.event, event_id=one.id)

    async def _check(self, uow: UnitOfWork, wanted: WebsiteCheckWanted, *, event_id: str) -> None:
        before = (await store.outcomes(uow, wanted.organisation_id)).get("website")
        if before is None or before.subject != wanted.website:
            return
        content = self._badges.token(wanted.organisation_id, wanted.website)
        try:
            await self._website.must_carry(wanted.website, content)
            problem = None
        except NotProved as error:
            problem = str(error)
        settled = await store.settle(
            uow,
            wanted.organisation_id,
            "website",
            passed=problem is None,
            outcome=problem or "",
            checked_by="system",
            subject=wanted.website,
        )
        same = before.state == ("passed" if problem is None else "failed")
        if settled and not same:
            await self._tell(uow, wanted, problem, event_id=event_id)

    async def _tell(
        self, uow: UnitOfWork, wanted: WebsiteCheckWanted, problem: str | None, *, event_id: str
    ) -> None:
        organisation = await self._organisations.get(uow, wanted.organisation_id)
        members = await self._organisations.members_of(uow, [organisation.id])
        host = host_of(wanted.website)
        await self._notices.tell(
            uow,
            user_ids=[member.user_id for member in members.get(organisation.id, [])],
            kind="seller.website_checked",
            title=f"{host} is proved" if problem is None else f"{host} could not be proved",
            body=problem or "Your storefront says that you control it.",
            link=f"/{organisation.slug}",
            event_id=event_id,
        )
