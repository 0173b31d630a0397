"""A sequencer in a process of its own, as the worker runs it: `python -m bench._sequencer DSN`."""

import os
import sys

import uvloop

from souk.infra.keyring import Keyring
from souk.infra.outbox.store import write_events
from souk.infra.postgres.database import Database
from souk.kernel.clock import SystemClock
from souk.rights.provenance.sequencer import Sequencer
from souk.rights.provenance.settings import ProvenanceSettings


async def sequence(dsn: str, secret: str) -> None:
    """Works until killed."""
    database = Database(dsn, pool_size=2, clock=SystemClock(), write_events=write_events)
    await database.open()
    sequencer = Sequencer(
        database,
        keyring=Keyring(database, secret=secret),
        origin="bench.example",
        settings=ProvenanceSettings(),
    )
    await sequencer.run()


if __name__ == "__main__":
    uvloop.run(sequence(sys.argv[1], os.environ["SOUK_SECRET"]))
