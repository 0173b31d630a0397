"""mp show"""

import click

from souk_client.cli import output
from souk_client.cli.shell import Shell, with_shell
from souk_client.contracts.works import Listing, Offer

EPILOG = """\b
Examples:
  mp show ada/iris
  mp show ada/iris --card
  mp show ada/iris --json | jq .versions[0].files
"""


@click.command(name="show", epilog=EPILOG)
@click.argument("listing")
@click.option("--card", "show_card", is_flag=True, help="The card as well.")
@with_shell
def command(shell: Shell, listing: str, show_card: bool) -> None:
    """Show a listing: price, licence, versions, files. LISTING is owner/name, or an id."""
    with shell.souk(sign_in=False) as souk:
        found = souk.listings.get(listing)
    shell.emit(found, lambda: _print(found, show_card=show_card))


def _print(listing: Listing, *, show_card: bool) -> None:
    click.echo(f"{output.plain(listing.title)}\n")
    output.facts(
        [
            ("address", listing.address),
            ("id", listing.id),
            ("kind", listing.kind),
            ("state", listing.state),
            ("by", output.plain(listing.owner.name)),
            ("summary", output.plain(listing.summary)),
            ("licence", listing.licence),
            ("task", listing.task),
            ("tags", output.plain(", ".join(listing.tags))),
            ("sales", str(listing.sales)),
            ("downloads", str(listing.downloads)),
        ]
    )
    offers = [offer for offer in listing.offers if offer.state == "active"]
    if offers:
        click.echo()
        output.table(("EDITION", "PRICE", "TERMS", "OFFER"), map(_offer_row, offers))
    if listing.metrics:
        click.echo()
        rows = [(m.name, f"{m.value:g}{m.unit}", m.dataset or "–") for m in listing.metrics]
        output.table(("METRIC", "VALUE", "MEASURED ON"), rows)
    if listing.versions:
        newest = listing.versions[0]
        others = ", ".join(version.version for version in listing.versions[1:])
        click.echo(f"\nversion {newest.version}" + (f" (before: {others})" if others else ""))
        files = [(output.size(f.size_bytes), f.scan.state, f.path) for f in newest.files]
        output.table(("SIZE", "SCAN", "FILE"), files)
    if show_card:
        lines = (output.plain(line) for line in listing.card.splitlines())
        click.echo("\n" + "\n".join(lines))


def _offer_row(offer: Offer) -> tuple[str, str, str, str]:
    price = output.price(offer.price_minor, offer.currency)
    return offer.edition, price, terms_text(offer), offer.id


def terms_text(offer: Offer) -> str:
    """What a buyer gets, in a few words."""
    terms = offer.terms
    return {
        "perpetual": "for ever",
        "timed": f"for {terms.duration_days} days",
        "counted": f"{terms.uses} uses",
        "seats": f"{terms.seats} seats",
    }[terms.kind]
