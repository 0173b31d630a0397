"""mp devices"""

import platform

import click
import msgspec

from souk_client.cli import output
from souk_client.cli.device_notes import DeviceNote, new_keys
from souk_client.cli.device_sync import Synced, notes_of, sync
from souk_client.cli.shell import Shell, with_shell
from souk_client.contracts.protection import Device, DeviceRequest
from souk_client.proofs.canonical import encode_base64url
from souk_client.proofs.receipts import prove_device
from souk_client.sdk.client import Souk

EPILOG = """\b
Examples:
  mp devices
  mp devices register --name "Laptop"
  mp devices sync
  mp devices revoke dev_01…
"""


@click.group(name="devices", invoke_without_command=True, epilog=EPILOG)
@click.pass_context
@with_shell
def command(shell: Shell, context: click.Context) -> None:
    """List the devices that open your protected files; register or revoke one.

    A device is a pair of keys on a machine. A licence releases its key to a few of them, and they
    open its files without a connection for some days.
    """
    if context.invoked_subcommand is not None:
        return
    with shell.souk() as souk:
        devices = souk.devices.list().items
    own = notes_of(shell).get()
    shell.emit({"items": devices}, lambda: _print_all(shell, devices, own))


@command.command(name="register")
@click.option("--name", default=platform.node() or "device", help="What you call this machine.")
@with_shell
def register(shell: Shell, name: str) -> None:
    """Make this machine a device. Its private keys are made here and stay here."""
    with shell.souk() as souk:
        device = register_here(shell, souk, name=name)
    shell.emit(device, lambda: click.echo(f"{device.name} is {device.id}."))


def register_here(shell: Shell, souk: Souk, *, name: str) -> Device:
    """Registers this machine, or shows that it is."""
    notes = notes_of(shell)
    note = notes.get()
    if note is not None:
        return souk.devices.get(note.id)
    exchange, signing = new_keys()
    note = DeviceNote(id="", name=name, exchange_private=exchange, signing_private=signing)
    public = note.exchange_key.public_key().public_bytes_raw()
    signer = note.signing_key
    device = souk.devices.register(
        DeviceRequest(
            name=name,
            exchange_key=encode_base64url(public),
            signing_key=encode_base64url(signer.public_key().public_bytes_raw()),
            proof=encode_base64url(prove_device(signer, public)),
        )
    )
    notes.put(msgspec.structs.replace(note, id=device.id))
    return device


@command.command(name="sync")
@with_shell
def synchronise(shell: Shell) -> None:
    """Send receipts, drop keys that were revoked, and get more time for the others."""
    with shell.souk() as souk:
        done = sync(shell, souk)
    shell.emit(done, lambda: _print_synced(shell, done))


@command.command(name="revoke")
@click.argument("device")
@with_shell
def revoke(shell: Shell, device: str) -> None:
    """Revoke DEVICE (its id): no more keys for it, and its places become free.

    What it has it can open until its time without contact is over, or it is in contact.
    """
    with shell.souk() as souk:
        souk.devices.revoke(device)
    notes = notes_of(shell)
    own = notes.get()
    if own is not None and own.id == device:
        notes.drop()
    shell.emit({"revoked": device}, lambda: click.echo(f"Revoked {device}."))


def _print_all(shell: Shell, devices: list[Device], own: DeviceNote | None) -> None:
    if not devices:
        shell.say("You have no devices; register this machine with `mp devices register`.")
    for device in devices:
        here = "  (this machine)" if own is not None and own.id == device.id else ""
        state = "revoked" if device.revoked_at is not None else f"{len(device.licences)} licences"
        click.echo(f"{device.id}  {output.plain(device.name)}  {state}{here}")
        for held in device.licences:
            until = f"offline until {held.offline_until:%Y-%m-%d}"
            said = until if held.state == "active" else held.state.replace("_", " ")
            click.echo(f"    {output.plain(held.listing_address)}  {said}")


def _print_synced(shell: Shell, done: Synced) -> None:
    if done.device_revoked:
        click.echo("This device was revoked; its keys are dropped.")
    for licence_id in done.dropped:
        click.echo(f"{licence_id}: key dropped.")
    shell.say(f"{len(done.renewed)} keys renewed, {done.receipts_sent} receipts sent.")
