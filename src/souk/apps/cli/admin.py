"""`souk admin`."""

import asyncio
import os

import click
import msgspec
import psycopg

from souk.apps.admins import make_admin
from souk.apps.cli.failures import explained, settings_or_exit
from souk.apps.container import build_container
from souk.apps.marketplace_secret import marketplace_secret
from souk.apps.up.database import owner_database
from souk.infra.postgres.embedded import EmbeddedPostgresError
from souk.kernel.errors import SoukError


@click.command()
@click.argument("email")
def command(*, email: str) -> None:
    """Make the account with this e-mail address an admin.

    Works on SOUK_DATABASE_URL, as the owner, or on the embedded database of the data folder.
    """
    settings = settings_or_exit()
    with (
        explained(EmbeddedPostgresError, psycopg.OperationalError, SoukError),
        owner_database(settings, progress=click.echo) as owner_dsn,
    ):
        known = msgspec.structs.replace(
            settings, database_url=owner_dsn, secret=marketplace_secret(settings)
        )
        changed = asyncio.run(make_admin(build_container(known, os.environ), email))
    click.echo(f"{email} is an admin now." if changed else f"{email} is an admin already.")
