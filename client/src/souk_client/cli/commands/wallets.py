"""mp wallets"""

import click

from souk_client.cli import output
from souk_client.cli.shell import Shell, with_shell
from souk_client.contracts.wallets import LinkedWallet, WalletUpdate

EPILOG = """\b
Examples:
  mp wallets
  mp wallets link 0x9D85ca56217D2bb651b00f15e694EB7E713637D4 --name Ledger
  mp wallets publish wlt_01…
"""


@click.group(name="wallets", invoke_without_command=True, epilog=EPILOG)
@click.pass_context
@with_shell
def command(shell: Shell, context: click.Context) -> None:
    """List the wallets that are linked to your account; link or unlink one.

    They sign in on the website and are where licences on chain go. The money that you have at the
    marketplace is in `mp wallet`.
    """
    if context.invoked_subcommand is not None:
        return
    with shell.souk() as souk:
        wallets = souk.wallets.list().items
    shell.emit({"items": wallets}, lambda: _print_all(shell, wallets))


@command.command(name="link")
@click.argument("address")
@click.option("--chain", "chain_id", type=int, default=1, show_default=True, help="Chain id.")
@click.option("--name", default="", help="What you call it.")
@with_shell
def link(shell: Shell, address: str, chain_id: int, name: str) -> None:
    """Link the wallet at ADDRESS: sign the message shown, then give the signature.

    Any tool that does personal_sign will do, such as `cast wallet sign`. The signature is read from
    standard input. No key ever passes through here.
    """
    with shell.souk() as souk:
        challenge = souk.wallets.challenge(address=address, chain_id=chain_id, purpose="link")
        shell.say("Sign this message with the wallet, letter for letter:\n")
        click.echo(challenge.message + "\n", err=True)
        signature = click.prompt("Signature", err=True).strip()
        linked = souk.wallets.link(message=challenge.message, signature=signature, name=name)
    shell.emit(linked, lambda: _print(linked, "Linked"))


@command.command(name="publish")
@click.argument("wallet")
@click.option("--off", is_flag=True, help="Show it no longer.")
@with_shell
def publish(shell: Shell, wallet: str, off: bool) -> None:
    """Show WALLET (its id) to everybody in your DID document."""
    with shell.souk() as souk:
        changed = souk.wallets.change(wallet, WalletUpdate(published=not off))
    shell.emit(changed, lambda: _print(changed, "Hidden" if off else "Published"))


@command.command(name="unlink")
@click.argument("wallet")
@with_shell
def unlink(shell: Shell, wallet: str) -> None:
    """Take WALLET (its id) from your account."""
    with shell.souk() as souk:
        souk.wallets.unlink(wallet)
    shell.emit({"unlinked": wallet}, lambda: click.echo(f"Unlinked {wallet}."))


def _print(wallet: LinkedWallet, did: str) -> None:
    click.echo(f"{did} {wallet.address} ({wallet.id}).")


def _print_all(shell: Shell, wallets: list[LinkedWallet]) -> None:
    if not wallets:
        shell.say("No wallet is linked; link one with `mp wallets link ADDRESS`.")
        return
    rows = [
        (
            wallet.id,
            wallet.address,
            str(wallet.chain_id),
            output.plain(wallet.name) or "-",
            "yes" if wallet.published else "no",
            wallet.linked_at.strftime("%Y-%m-%d"),
        )
        for wallet in wallets
    ]
    output.table(("ID", "ADDRESS", "CHAIN", "NAME", "PUBLIC", "LINKED"), rows)
