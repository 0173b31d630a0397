"""Treasury."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.treasury.ledger.service import LedgerService
from souk.treasury.ledger.settings import LedgerSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Treasury:
    ledger: LedgerService
    parts: Parts


def wire_treasury(core: Core) -> Treasury:
    ledger = LedgerService(
        core.database, clock=core.clock, settings=core.load(LedgerSettings, "ledger")
    )
    return Treasury(
        ledger=ledger,
        parts=Parts(
            services={"ledger": ledger},
            schedules=[Schedule(name="treasury.expire_holds", every_s=30, run=ledger.expire_holds)],
            on_open=[ledger.open],
            on_close=[ledger.close],
        ),
    )
