"""The container for one command: on SOUK_DATABASE_URL, or the data folder's embedded database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click
import msgspec
import psycopg

from souk.apps.cli.failures import explained, settings_or_exit
from souk.apps.container import Container, build_container
from souk.apps.marketplace_secret import marketplace_secret
from souk.apps.up.database import owner_database
from souk.infra.keyring import SealBroken
from souk.infra.postgres.embedded import EmbeddedPostgresError
from souk.infra.settings import SettingsError


@contextmanager
def command_container(*errors: type[Exception]) -> Iterator[Container]:
    """A container, not opened yet; what the operator can mend ends the command with its text.

    Args:
        errors: what more the command's own work may raise of that kind.
    """
    settings = settings_or_exit()
    with (
        explained(
            EmbeddedPostgresError, psycopg.OperationalError, SealBroken, SettingsError, *errors
        ),
        owner_database(settings, progress=lambda line: click.echo(line, err=True)) as owner_dsn,
    ):
        known = msgspec.structs.replace(
            settings, database_url=owner_dsn, secret=marketplace_secret(settings)
        )
        yield build_container(known, os.environ)
