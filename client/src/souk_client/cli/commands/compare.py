"""mp compare"""

import click

from souk_client.cli import output
from souk_client.cli.shell import Shell, with_shell
from souk_client.contracts.comparisons import ComparedCell, ComparedRow, Comparison
from souk_client.sdk.money import format_amount

EPILOG = """\b
Examples:
  mp compare ada/iris grace/flowers
  mp compare ada/iris grace/flowers --currency EUR
  mp compare ada/iris grace/flowers --json | jq '.rows[].name'
"""
MOST = 6


@click.command(name="compare", epilog=EPILOG)
@click.argument("listings", nargs=-1, required=True)
@click.option("--currency", metavar="CODE", help="Also answer prices in this currency.")
@with_shell
def command(shell: Shell, listings: tuple[str, ...], currency: str | None) -> None:
    """Show up to six LISTINGS side by side, the best of each row marked with *.

    A listing is owner/name, or an id.
    """
    if len(set(listings)) > MOST:
        raise click.BadParameter(f"At most {MOST} at once.", param_hint="LISTINGS")
    with shell.souk(sign_in=False) as souk:
        found = souk.discovery.compare(
            listings, currency=None if currency is None else currency.upper()
        )
    shell.emit(found, lambda: _print(found))


def _print(found: Comparison) -> None:
    headings = ["", *(one.address for one in found.listings)]
    titles = ["title", *(one.title for one in found.listings)]
    rows = [titles, *([_named(row), *map(_cell, row.cells)] for row in found.rows)]
    output.table(headings, rows)


def _named(row: ComparedRow) -> str:
    return f"{row.name} ({row.unit})" if row.unit else row.name


def _cell(cell: ComparedCell) -> str:
    if cell.money is not None:
        words = _money(cell)
    elif cell.number is not None:
        words = f"{cell.number:g}"
    else:
        words = cell.text or ", ".join(cell.values) or "–"
    return f"{words} *" if cell.best else words


def _money(cell: ComparedCell) -> str:
    assert cell.money is not None
    money = cell.money
    words = output.price(money.amount_minor, money.currency)
    if money.converted_minor and money.converted_currency:
        words += f" (about {format_amount(money.converted_minor, money.converted_currency)})"
    return words
