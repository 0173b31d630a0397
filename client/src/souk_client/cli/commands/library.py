"""mp library"""

import itertools

import click

from souk_client.cli import output
from souk_client.cli.shell import Shell, with_shell
from souk_client.contracts.rights import Licence

EPILOG = """\b
Examples:
  mp library
  mp library --json | jq -r '.items[].id'
"""


@click.command(name="library", epilog=EPILOG)
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@with_shell
def command(shell: Shell, limit: int) -> None:
    """List the licences you hold."""
    with shell.souk() as souk:
        licences = list(itertools.islice(souk.each(souk.licences.list), limit))
    shell.emit({"items": licences}, lambda: _print(shell, licences))


def _print(shell: Shell, licences: list[Licence]) -> None:
    if not licences:
        shell.say("You hold no licences yet.")
        return
    rows = [
        (
            licence.listing_address,
            licence.version or "–",
            licence.state,
            licence.valid_until.date().isoformat() if licence.valid_until else "for ever",
            licence.id,
        )
        for licence in licences
    ]
    output.table(("ADDRESS", "VERSION", "STATE", "UNTIL", "LICENCE"), rows)
