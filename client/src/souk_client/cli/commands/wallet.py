"""mp wallet"""

import itertools

import click

from souk_client.cli import output
from souk_client.cli.shell import Shell, with_shell
from souk_client.contracts.treasury import Deposit, StatementLine, Wallet
from souk_client.sdk.money import format_amount, parse_amount

EPILOG = """\b
Examples:
  mp wallet
  mp wallet deposit 25
  mp wallet statement --limit 5
"""


@click.group(name="wallet", invoke_without_command=True, epilog=EPILOG)
@click.pass_context
@with_shell
def command(shell: Shell, context: click.Context) -> None:
    """Show balances, put money in, list movements."""
    if context.invoked_subcommand is not None:
        return
    with shell.souk() as souk:
        wallet = souk.wallet.get()
    shell.emit(wallet, lambda: _print_wallet(shell, wallet))


@command.command(name="deposit")
@click.argument("amount")
@click.option("--currency", default="USD", show_default=True)
@click.option("--provider", default="test", show_default=True, help="The payment provider.")
@with_shell
def deposit(shell: Shell, amount: str, currency: str, provider: str) -> None:
    """Put AMOUNT, such as 25 or 9.99, into your wallet.

    The provider `test` is a marketplace under development; it moves no real money.
    """
    try:
        amount_minor = parse_amount(amount, currency.upper())
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="AMOUNT") from error
    with shell.souk() as souk:
        made = souk.wallet.deposit(
            amount_minor=amount_minor, currency=currency.upper(), provider=provider
        )
    shell.emit(made, lambda: _print_deposit(made))


@command.command(name="statement")
@click.option("--currency", help="Only this currency.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@with_shell
def statement(shell: Shell, currency: str | None, limit: int) -> None:
    """List movements, newest first."""
    with shell.souk() as souk:
        pages = souk.each(souk.wallet.statement, currency=currency)
        lines = list(itertools.islice(pages, limit))
    shell.emit({"items": lines}, lambda: _print_statement(shell, lines))


def _print_wallet(shell: Shell, wallet: Wallet) -> None:
    if not wallet.balances:
        shell.say("Your wallet is empty; put money in with `mp wallet deposit`.")
    for balance in wallet.balances:
        held = format_amount(balance.held_minor, balance.currency)
        note = f"  ({held} held)" if balance.held_minor else ""
        click.echo(format_amount(balance.available_minor, balance.currency) + note)


def _print_deposit(deposit: Deposit) -> None:
    amount = format_amount(deposit.amount_minor, deposit.currency)
    click.echo(f"Deposit of {amount}: {deposit.state} ({deposit.id}).")


def _print_statement(shell: Shell, lines: list[StatementLine]) -> None:
    if not lines:
        shell.say("Nothing has moved yet.")
        return
    rows = [
        (
            line.created_at.strftime("%Y-%m-%d %H:%M"),
            format_amount(line.amount_minor, line.currency),
            format_amount(line.balance_after_minor, line.currency),
            line.kind,
            line.note or line.reference or line.transfer_id,
        )
        for line in lines
    ]
    output.table(("WHEN", "AMOUNT", "BALANCE", "KIND", "FOR"), rows)
