"""`souk up`."""

import asyncio
import os
import signal

import click

from souk.apps.cli.failures import explained, settings_or_exit
from souk.apps.up import run_up
from souk.apps.up.errors import UpError
from souk.infra.launch import end_with_parent


@click.command()
@click.option("--no-catalogue", is_flag=True, help="Start empty, without the starting catalogue.")
@click.option("--with-parent", is_flag=True, hidden=True)
def command(*, no_catalogue: bool, with_parent: bool) -> None:
    """Run a whole marketplace here: database, server and worker.

    The first start makes the database, the secrets and a small real catalogue. SOUK_PORT,
    SOUK_DATA_DIR and SOUK_DATABASE_URL say where. Ctrl-C stops everything.
    """
    if with_parent:
        end_with_parent(os.getppid(), signal.SIGTERM)
    settings = settings_or_exit()
    with explained(UpError):
        asyncio.run(run_up(settings, environment=os.environ, catalogue=not no_catalogue))
