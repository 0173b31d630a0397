"""mp search"""

from typing import get_args

import click

from souk_client.cli import output
from souk_client.cli.shell import Shell, with_shell
from souk_client.contracts.base import ListingKind
from souk_client.contracts.discovery import SearchAnswer
from souk_client.sdk.money import parse_amount
from souk_client.sdk.works import SearchSort

EPILOG = """\b
Examples:
  mp search sentence embeddings
  mp search --kind dataset --price-max 0
  mp search "tumour classifier" --sort newest --json
  mp search 'kind:model accuracy:>0.9 price:<10 license:mit'
"""


@click.command(name="search", epilog=EPILOG)
@click.argument("words", nargs=-1)
@click.option("--kind", multiple=True, type=click.Choice(get_args(ListingKind)))
@click.option("--tag", multiple=True, help="A tag; may be repeated.")
@click.option("--licence", multiple=True, help="An SPDX id; may be repeated.")
@click.option("--price-max", metavar="AMOUNT", help="At most this price; 0 for free ones.")
@click.option("--currency", default="USD", show_default=True, help="Of --price-max.")
@click.option("--owner", metavar="SLUG", help="Only works of this seller.")
@click.option("--sort", type=click.Choice(get_args(SearchSort)), help="The order of the answer.")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@click.option("--cursor", help="Where the next page starts, as the last one said.")
@with_shell
def command(
    shell: Shell,
    words: tuple[str, ...],
    kind: tuple[str, ...],
    tag: tuple[str, ...],
    licence: tuple[str, ...],
    price_max: str | None,
    currency: str,
    owner: str | None,
    sort: SearchSort | None,
    limit: int,
    cursor: str | None,
) -> None:
    """Find listings by words and filters."""
    with shell.souk(sign_in=False) as souk:
        answer = souk.discovery.search(
            " ".join(words),
            kind=kind,
            tag=tag,
            licence=licence,
            owner=owner,
            currency=None if price_max is None else currency,
            price_max_minor=_minor(price_max, currency),
            sort=sort,
            limit=limit,
            cursor=cursor,
        )
    shell.emit(answer, lambda: _print(shell, answer))


def _minor(price_max: str | None, currency: str) -> int | None:
    if price_max is None:
        return None
    try:
        return parse_amount(price_max, currency)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--price-max") from error


def _print(shell: Shell, answer: SearchAnswer) -> None:
    if not answer.items:
        shell.say("Nothing found.")
    else:
        rows = [
            (
                hit.listing.address,
                hit.listing.kind,
                output.price(hit.listing.price_minor, hit.listing.currency),
                hit.listing.licence or "–",
                hit.listing.title,
            )
            for hit in answer.items
        ]
        output.table(("ADDRESS", "KIND", "PRICE", "LICENCE", "TITLE"), rows)
    if answer.did_you_mean:
        shell.say(f"Did you mean {answer.did_you_mean!r}?")
    if answer.next_cursor:
        shell.say(f"{len(answer.items)} of {answer.total}; more with --cursor {answer.next_cursor}")
