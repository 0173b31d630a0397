"""Treasury."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.people.organisations.api import OrganisationsApi
from souk.treasury.ledger.service import LedgerService
from souk.treasury.ledger.settings import LedgerSettings
from souk.treasury.payments import routes
from souk.treasury.payments.development import DevelopmentProvider
from souk.treasury.payments.service import PaymentService
from souk.treasury.rates import routes as rate_routes
from souk.treasury.rates.ecb import EcbProvider
from souk.treasury.rates.service import RateService
from souk.treasury.rates.settings import RateSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Treasury:
    ledger: LedgerService
    payments: PaymentService
    rates: RateService
    parts: Parts


def wire_treasury(core: Core, *, organisations: OrganisationsApi) -> Treasury:
    ledger = LedgerService(
        core.database, clock=core.clock, settings=core.load(LedgerSettings, "ledger")
    )
    payments = PaymentService(
        ledger=ledger,
        organisations=organisations,
        providers=[] if core.settings.is_production else [DevelopmentProvider()],
        is_production=core.settings.is_production,
    )
    rate_settings = core.load(RateSettings, "rates")
    named = bool(rate_settings.url or rate_settings.file)
    ecb = EcbProvider(
        url=rate_settings.url, file=rate_settings.file, timeout_s=rate_settings.timeout_s
    )
    rates = RateService(rate_settings, provider=ecb if named else None)
    fetching = Schedule(
        name="treasury.fetch_rates", every_s=rate_settings.every_hours * 3600, run=rates.fetch
    )
    return Treasury(
        ledger=ledger,
        payments=payments,
        rates=rates,
        parts=Parts(
            services={"ledger": ledger, "payments": payments, "rates": rates},
            routes=[*routes.ROUTES, *rate_routes.ROUTES],
            schedules=[
                Schedule(name="treasury.expire_holds", every_s=30, run=ledger.expire_holds),
                Schedule(name="treasury.collect_debts", every_s=60, run=ledger.collect_debts),
                *([fetching] if named else []),
            ],
            on_open=[ledger.open],
            on_close=[ledger.close],
        ),
    )
