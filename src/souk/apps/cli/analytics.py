"""`souk analytics`."""

import asyncio
import os

import click
import msgspec
import psycopg

from souk.apps.cli.failures import explained, settings_or_exit
from souk.apps.container import build_container
from souk.apps.marketplace_secret import marketplace_secret
from souk.apps.sums import rebuild_sums
from souk.apps.up.database import owner_database
from souk.infra.postgres.embedded import EmbeddedPostgresError


@click.group()
def command() -> None:
    """Look after the sums of views, searches and sales.

    Works on SOUK_DATABASE_URL, as the owner, or on the embedded database of the data folder.
    """


@command.command("rebuild")
def rebuild() -> None:
    """Add every sum up again from the single facts that are kept.

    The marketplace may go on working; its own roll-ups wait until this is done. Sums of days whose
    facts are deleted already (SOUK_ANALYTICS_KEEP_DAYS) stay as they are.
    """
    settings = settings_or_exit()
    with (
        explained(EmbeddedPostgresError, psycopg.OperationalError),
        owner_database(settings, progress=lambda line: click.echo(line, err=True)) as owner_dsn,
    ):
        known = msgspec.structs.replace(
            settings, database_url=owner_dsn, secret=marketplace_secret(settings)
        )
        hours = asyncio.run(rebuild_sums(build_container(known, os.environ)))
    click.echo(f"Added up {hours} hour{'' if hours == 1 else 's'} of listings again.")
