"""`souk keys`."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager

import click
import msgspec
import psycopg

from souk.apps.cli.failures import explained, settings_or_exit
from souk.apps.container import Container, build_container
from souk.apps.marketplace_secret import marketplace_secret
from souk.apps.signing_keys import rotate_signing_key, signing_keys
from souk.apps.up.database import owner_database
from souk.infra.keyring import PURPOSES, SealBroken
from souk.infra.postgres.embedded import EmbeddedPostgresError


@contextmanager
def _container() -> Iterator[Container]:
    settings = settings_or_exit()
    with (
        explained(EmbeddedPostgresError, psycopg.OperationalError, SealBroken),
        owner_database(settings, progress=lambda line: click.echo(line, err=True)) as owner_dsn,
    ):
        known = msgspec.structs.replace(
            settings, database_url=owner_dsn, secret=marketplace_secret(settings)
        )
        yield build_container(known, os.environ)


@click.group()
def command() -> None:
    """List the signing keys, or make a new one.

    Works on SOUK_DATABASE_URL, as the owner, or on the embedded database of the data folder.
    """


@command.command("list")
def list_keys() -> None:
    """Show every key whose signatures count; the last of each purpose signs."""
    with _container() as container:
        found = asyncio.run(signing_keys(container))
    for purpose, ids in found.items():
        for kid in ids:
            click.echo(f"{purpose}\t{kid}\t{'signs' if kid == ids[-1] else 'verifies'}")


@command.command()
@click.argument("purpose", type=click.Choice(PURPOSES))
def rotate(*, purpose: str) -> None:
    """Make a new key for PURPOSE that signs from now on.

    Running processes take it up within a minute. What the old key signed stays good for as long as
    it was meant to live: sessions and addresses for hours, licences and the log's heads for ever.
    """
    with _container() as container:
        kid = asyncio.run(rotate_signing_key(container, purpose))
    click.echo(f"{purpose}: {kid} signs from now on.")
