"""`souk migrate`."""

import click
import psycopg

from souk.apps.application_role import app_password
from souk.apps.cli.failures import explained, settings_or_exit
from souk.apps.marketplace_secret import marketplace_secret
from souk.apps.migrations.run import current_revision, migrate
from souk.apps.up.database import owner_database
from souk.infra.postgres.embedded import EmbeddedPostgresError


@click.command()
@click.option("--to", "revision", default="head", help="A revision; the newest by default.")
def command(*, revision: str) -> None:
    """Bring the database's schema up to date.

    Works on SOUK_DATABASE_URL, as the owner, or on the embedded database of the data folder.
    """
    settings = settings_or_exit()
    with (
        explained(EmbeddedPostgresError, psycopg.OperationalError),
        owner_database(settings, progress=click.echo) as owner_dsn,
    ):
        before = current_revision(owner_dsn)
        migrate(
            owner_dsn, app_password=app_password(marketplace_secret(settings)), revision=revision
        )
        after = current_revision(owner_dsn)
    click.echo(f"The schema is at {after}." if before == after else f"The schema went to {after}.")
