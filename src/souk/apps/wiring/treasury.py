"""Treasury."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.people.organisations.api import OrganisationsApi
from souk.treasury.ledger.service import LedgerService
from souk.treasury.ledger.settings import LedgerSettings
from souk.treasury.payments import routes
from souk.treasury.payments.development import DevelopmentProvider
from souk.treasury.payments.service import PaymentService


@dataclass(frozen=True, slots=True, kw_only=True)
class Treasury:
    ledger: LedgerService
    payments: PaymentService
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
    return Treasury(
        ledger=ledger,
        payments=payments,
        parts=Parts(
            services={"ledger": ledger, "payments": payments},
            routes=routes.ROUTES,
            schedules=[
                Schedule(name="treasury.expire_holds", every_s=30, run=ledger.expire_holds),
                Schedule(name="treasury.collect_debts", every_s=60, run=ledger.collect_debts),
            ],
            on_open=[ledger.open],
            on_close=[ledger.close],
        ),
    )
