"""Insight."""

from dataclasses import dataclass
from datetime import timedelta

from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications import routes
from souk.insight.notifications import store as notice_store
from souk.insight.notifications.cdn_alerts import cdn_alert_notices
from souk.insight.notifications.certificates import certificate_notices
from souk.insight.notifications.evaluations import evaluation_notices
from souk.insight.notifications.jobs import mail_handler, notice_handlers
from souk.insight.notifications.mail import Mailer
from souk.insight.notifications.service import NoticeService
from souk.insight.notifications.settings import NoticeSettings
from souk.insight.notifications.telling import Telling
from souk.insight.notifications.wallets import wallet_notices
from souk.people.identity.api import IdentityApi
from souk.people.organisations.api import OrganisationsApi


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    notices: NoticeService
    parts: Parts


def wire_insight(core: Core, *, identity: IdentityApi, organisations: OrganisationsApi) -> Insight:
    settings = core.load(NoticeSettings, "notices")
    telling = Telling(identity=identity, live=core.live, base_url=core.settings.base_url)
    notices = NoticeService(telling, core.live)
    handlers = notice_handlers(organisations=organisations, telling=telling)
    handlers.append(evaluation_notices(organisations=organisations, notices=notices))
    handlers.append(certificate_notices(organisations=organisations, notices=notices))
    handlers.append(cdn_alert_notices(identity=identity, notices=notices))
    handlers.append(wallet_notices(notices))
    if settings.smtp_host:
        handlers.append(mail_handler(Mailer(settings, core.clock)))

    async def forget_notices(uow: UnitOfWork) -> None:
        await notice_store.forget(uow, before=uow.now - timedelta(days=settings.keep_days))

    return Insight(
        notices=notices,
        parts=Parts(
            services={"notices": notices},
            routes=routes.ROUTES,
            handlers=handlers,
            schedules=[
                Schedule(name="insight.forget_notices", every_s=3600, run=forget_notices),
            ],
        ),
    )
