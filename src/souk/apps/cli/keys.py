"""`souk keys`."""

import asyncio

import click

from souk.apps.cli.containers import command_container
from souk.apps.signing_keys import rotate_signing_key, signing_keys
from souk.infra.keyring import PURPOSES


@click.group()
def command() -> None:
    """List the signing keys, or make a new one.

    Works on SOUK_DATABASE_URL, as the owner, or on the embedded database of the data folder.
    """


@command.command("list")
def list_keys() -> None:
    """Show every key whose signatures count; the last of each purpose signs."""
    with command_container() as container:
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
    with command_container() as container:
        kid = asyncio.run(rotate_signing_key(container, purpose))
    click.echo(f"{purpose}: {kid} signs from now on.")
