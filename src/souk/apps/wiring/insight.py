"""Insight."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts
from souk.insight.notifications import routes
from souk.insight.notifications.jobs import mail_handler, notice_handlers
from souk.insight.notifications.mail import Mailer
from souk.insight.notifications.service import NoticeService
from souk.insight.notifications.settings import NoticeSettings
from souk.people.organisations.api import OrganisationsApi


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    notices: NoticeService
    parts: Parts


def wire_insight(core: Core, *, organisations: OrganisationsApi) -> Insight:
    settings = core.load(NoticeSettings, "notices")
    notices = NoticeService()
    handlers = notice_handlers(organisations=organisations, base_url=core.settings.base_url)
    if settings.smtp_host:
        handlers.append(mail_handler(Mailer(settings, core.clock)))
    return Insight(
        notices=notices,
        parts=Parts(services={"notices": notices}, routes=routes.ROUTES, handlers=handlers),
    )
