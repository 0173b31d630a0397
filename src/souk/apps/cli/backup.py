"""`souk backup`."""

import os
from pathlib import Path

import click
import psycopg

from souk.apps.backup import BackupError, back_up
from souk.apps.cli.failures import explained, settings_or_exit
from souk.apps.marketplace_secret import marketplace_secret
from souk.apps.up.database import owner_database
from souk.infra.blobs.settings import BlobSettings
from souk.infra.postgres.embedded import EmbeddedPostgresError
from souk.infra.settings import SettingsError, load


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def command(*, file: Path) -> None:
    """Write everything the marketplace holds into FILE, which must not exist yet.

    The marketplace may go on working. FILE holds its secrets: keep it as safe as them.
    """
    settings = settings_or_exit()
    with (
        explained(BackupError, SettingsError, EmbeddedPostgresError, psycopg.OperationalError),
        owner_database(settings, progress=click.echo) as owner_dsn,
    ):
        blobs_url = load(BlobSettings, os.environ, prefix="SOUK_BLOBS_").url
        manifest = back_up(
            file,
            data_dir=settings.data_path,
            owner_dsn=owner_dsn,
            secret=marketplace_secret(settings),
            blobs_url=blobs_url,
            progress=click.echo,
        )
    size_mib = file.stat().st_size / 2**20
    click.echo(f"Wrote {file}: {len(manifest.files)} files, {size_mib:.1f} MiB")
    if blobs_url:
        click.echo(f"The blobs stay in {blobs_url}: back that up with its own means.")
