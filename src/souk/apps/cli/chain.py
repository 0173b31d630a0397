"""`souk chain`."""

import asyncio

import click
import msgspec

from souk.apps.chain.operating import (
    chain_differences,
    chain_reconciled,
    chain_states,
    deploy_contracts,
)
from souk.apps.cli.containers import command_container
from souk.apps.container import Container
from souk.rights.chain.deploying import ORDER
from souk.rights.chain.keys import KeyUnusable
from souk.rights.chain.rpc import ChainUnreachable, RpcError


@click.group()
def command() -> None:
    """Show how things stand on chains, or put contracts there.

    Works on SOUK_DATABASE_URL, as the owner, or on the embedded database of the data folder.
    """


@command.command()
def status() -> None:
    """Show every chain that was seen: how far it is, what waits, what is anchored."""
    with command_container() as container:
        states = asyncio.run(chain_states(container))
    if not states:
        click.echo("No chain was seen yet.")
    for state in states:
        network = state.network
        click.echo(f"{network.name}  {network.key}")
        click.echo(f"  block {network.head_block}, seen {network.seen_at:%Y-%m-%d %H:%M:%S} UTC")
        click.echo(f"  transactions: {network.waiting} wait, {network.failed} failed")
        if network.problem:
            click.echo(f"  the oldest waits because: {network.problem}")
        click.echo(f"  the log is anchored up to {network.anchored_size} entries")
        for name, address in sorted(state.contracts.items()):
            click.echo(f"  {name}\t{address}")


@command.command()
@click.argument("name", metavar="CHAIN")
def check(*, name: str) -> None:
    """Ask CHAIN whether it has what the database says: contracts, transactions, nonces, anchors.

    Tells every difference, and leaves with 1 when there is one.
    """
    with command_container(ChainUnreachable, RpcError) as container:
        _ensure_known(container, name)
        found = asyncio.run(chain_differences(container, name))
    for sentence in found:
        click.echo(sentence)
    if found:
        raise click.ClickException(f"{len(found)} differences.")
    click.echo("Chain and database agree.")


@command.command()
@click.argument("name", metavar="CHAIN")
@click.option("--json", "as_json", is_flag=True, help="Tell the differences as JSON.")
def reconcile(*, name: str, as_json: bool) -> None:
    """Compare CHAIN with all that is here: what was read from it, licences, orders and books.

    Reads every log again. Tells every difference, and leaves with 1 when there is one.
    """
    with command_container(ChainUnreachable, RpcError) as container:
        _ensure_known(container, name)
        found = asyncio.run(chain_reconciled(container, name))
    if as_json:
        said = {"chain": name, "differences": found}
        click.echo(msgspec.json.format(msgspec.json.encode(said)).decode())
    else:
        for one in found:
            click.echo(f"{one.between}: {one.says}")
        click.echo(f"{len(found)} differences." if found else "All agree.")
    if found:
        raise click.exceptions.Exit(1)


@command.command()
@click.argument("name", metavar="CHAIN")
@click.option(
    "--contract",
    "contracts",
    type=click.Choice(ORDER),
    multiple=True,
    default=("Anchor",),
    help="Which; may be repeated. Market needs Works and Licences.",
)
@click.option("--yes", is_flag=True, help="Do not ask before spending coins.")
def deploy(*, name: str, contracts: tuple[str, ...], yes: bool) -> None:
    """Put contracts on CHAIN, one of SOUK_CHAIN_CHAINS, and wait until they are final.

    They are known to the marketplace from then on. Broken off, it goes on when called again.
    """
    wanted = [contract for contract in ORDER if contract in contracts]
    if "Market" in wanted and not {"Works", "Licences"} <= set(wanted):
        raise click.UsageError("Market needs --contract Works --contract Licences as well.")
    with command_container(ChainUnreachable, KeyUnusable, RpcError) as container:
        _ensure_known(container, name)

        def ask(account: str) -> None:
            if not yes:
                words = f"{account} pays for {', '.join(wanted)} on {name}. Go on?"
                click.confirm(words, abort=True)

        known = asyncio.run(deploy_contracts(container, name, wanted, ask=ask))
    for contract, address in known.items():
        click.echo(f"{name}.{contract}={address}")


def _ensure_known(container: Container, name: str) -> None:
    if name not in container.chain.workers:
        raise click.UsageError(f"SOUK_CHAIN_CHAINS does not name {name!r}.")
