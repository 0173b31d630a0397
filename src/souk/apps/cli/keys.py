"""`souk keys`."""

import asyncio

import click

from souk.apps.cli.containers import command_container
from souk.apps.marketplace_keys import (
    marketplace_keys,
    rotate_signing_key,
    rotate_storage_key,
)
from souk.infra.keyring import PURPOSES
from souk.infra.keyring.data_keys import STORAGE


@click.group()
def command() -> None:
    """List the marketplace's keys, or make a new one.

    Works on SOUK_DATABASE_URL, as the owner, or on the embedded database of the data folder.
    """


@command.command("list")
def list_keys() -> None:
    """Show every key whose signatures count; the last of each purpose signs.

    Those of the purpose `storage` sign nothing: they wrap the keys of encrypted blobs.
    """
    with command_container() as container:
        signing, wrapping = asyncio.run(marketplace_keys(container))
    for purpose, ids in signing.items():
        for kid in ids:
            click.echo(f"{purpose}\t{kid}\t{'signs' if kid == ids[-1] else 'verifies'}")
    for key in wrapping:
        does = f"{'wraps' if key.current else 'replaced, wraps'} {key.data_keys} keys"
        click.echo(f"{STORAGE}\t{key.id}\t{does}")


@command.command()
@click.argument("purpose", type=click.Choice((*PURPOSES, STORAGE)))
def rotate(*, purpose: str) -> None:
    """Make a new key for PURPOSE that signs from now on.

    Running processes take it up within a minute. What the old key signed stays good for as long as
    it was meant to live: sessions and addresses for hours, licences and the log's heads for ever.

    For `storage` the keys of all encrypted blobs are wrapped anew. No stored byte is encrypted
    again, and nothing needs to stop; when it is interrupted, the worker finishes it.
    """
    if purpose == STORAGE:
        with command_container() as container:
            key_id, wrapped = asyncio.run(rotate_storage_key(container))
        click.echo(f"{purpose}: {key_id} wraps {wrapped} keys from now on.")
        return
    with command_container() as container:
        kid = asyncio.run(rotate_signing_key(container, purpose))
    click.echo(f"{purpose}: {kid} signs from now on.")
