"""Treasury."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.people.organisations.api import OrganisationsApi
from souk.rights.chain.settings import ChainSettings
from souk.treasury.ledger.service import LedgerService
from souk.treasury.ledger.settings import LedgerSettings
from souk.treasury.payments import routes
from souk.treasury.payments.development import DevelopmentProvider
from souk.treasury.payments.service import PaymentService
from souk.treasury.rates import routes as rate_routes
from souk.treasury.rates.api import RateProvider
from souk.treasury.rates.ecb import EcbProvider
from souk.treasury.rates.example import ExampleProvider
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
    provider = _rate_provider(core, rate_settings)
    rates = RateService(rate_settings, provider=provider)
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
                *([fetching] if provider else []),
            ],
            on_open=[ledger.open],
            on_close=[ledger.close],
        ),
    )


def _rate_provider(core: Core, settings: RateSettings) -> RateProvider | None:
    """The file that the operator named; made-up rates of coins beside a local chain alone."""
    if settings.url or settings.file:
        return EcbProvider(url=settings.url, file=settings.file, timeout_s=settings.timeout_s)
    chains = core.load(ChainSettings, "chain").chains
    if not core.settings.is_production and chains.strip() == "local":
        return ExampleProvider(core.clock)
    return None
