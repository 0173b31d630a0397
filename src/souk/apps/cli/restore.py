"""`souk restore`."""

from pathlib import Path

import click
import psycopg

from souk.apps.backup import BackupError, restore
from souk.apps.cli.failures import explained, settings_or_exit
from souk.infra.postgres.embedded import EmbeddedPostgresError


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def command(*, file: Path) -> None:
    """Make a new marketplace from FILE, in an empty data folder (SOUK_DATA_DIR).

    Every file is checked against its hash first; after an error nothing is left behind.
    """
    settings = settings_or_exit()
    with explained(BackupError, EmbeddedPostgresError, psycopg.OperationalError):
        manifest = restore(
            file,
            data_dir=settings.data_path,
            database_url=settings.database_url,
            progress=click.echo,
        )
    click.echo(
        f"Restored {settings.data_path} as it was at {manifest.created_at}. Start it: souk up"
    )
