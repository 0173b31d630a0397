"""People."""

from dataclasses import dataclass
from datetime import timedelta

from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.infra.keyring import ACCESS, KEPT_VERIFYING
from souk.infra.postgres.uow import UnitOfWork
from souk.people.access import routes as access_routes
from souk.people.access import store as access_store
from souk.people.access.callers import Callers
from souk.people.access.keys import KeySecrets
from souk.people.access.service import AccessService
from souk.people.access.settings import AccessSettings
from souk.people.access.tokens import Tokens
from souk.people.identity.news import CHANNEL, CallerNews
from souk.people.identity.passwords import Passwords
from souk.people.identity.service import IdentityService
from souk.people.organisations import routes as organisation_routes
from souk.people.organisations.billing import BillingService
from souk.people.organisations.service import OrganisationService

KEEP_SESSIONS = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    identity: IdentityService
    organisations: OrganisationService
    billing: BillingService
    access: AccessService
    callers: Callers
    parts: Parts


def wire_people(core: Core) -> People:
    settings = core.load(AccessSettings, "access")
    identity = IdentityService(Passwords())
    tokens = Tokens(
        core.keyring,
        issuer=core.settings.base_url,
        lifetime=timedelta(minutes=settings.token_minutes),
        clock=core.clock,
    )
    keys = KeySecrets()
    callers = Callers(core.database, tokens=tokens, keys=keys, cache_s=settings.cache_s)
    news = CallerNews(callers.forget)
    organisations = OrganisationService(news)
    billing = BillingService()
    access = AccessService(
        database=core.database,
        identity=identity,
        organisations=organisations,
        tokens=tokens,
        keys=keys,
        news=news,
        settings=settings,
    )

    async def forget_sessions(uow: UnitOfWork) -> None:
        await access_store.forget_sessions(uow, before=uow.now - KEEP_SESSIONS)

    async def rotate_access_key(uow: UnitOfWork) -> None:
        key_age = timedelta(days=settings.key_rotation_days)
        if await core.keyring.is_older_than(uow, ACCESS, key_age):
            await core.keyring.rotate(ACCESS, keep_verifying=KEPT_VERIFYING[ACCESS])

    return People(
        identity=identity,
        organisations=organisations,
        billing=billing,
        access=access,
        callers=callers,
        parts=Parts(
            services={
                "identity": identity,
                "organisations": organisations,
                "billing": billing,
                "access": access,
            },
            routes=[*access_routes.ROUTES, *organisation_routes.ROUTES],
            root_routes=access_routes.WELL_KNOWN,
            schedules=[
                Schedule(name="people.forget_sessions", every_s=3600, run=forget_sessions),
                Schedule(name="people.rotate_access_key", every_s=3600, run=rotate_access_key),
            ],
            on_news={CHANNEL: callers.forget},
        ),
    )
