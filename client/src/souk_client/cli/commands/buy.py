"""mp buy"""

import click

from souk_client.cli import output
from souk_client.cli.commands.show import terms_text
from souk_client.cli.failures import REFUSED, Failure
from souk_client.cli.shell import Shell, with_shell
from souk_client.contracts.commerce import Order, OrderRequest
from souk_client.contracts.works import Listing, Offer
from souk_client.sdk.client import Souk
from souk_client.sdk.money import format_amount

EPILOG = """\b
Examples:
  mp buy ada/iris
  mp buy ada/iris --edition commercial --yes
  mp buy ada/iris --yes --json | jq -r .licence_id
"""


@click.command(name="buy", epilog=EPILOG)
@click.argument("listing")
@click.option("--edition", help="Which edition, when there are several.")
@click.option("--organisation", metavar="ID", help="Who buys; you when left out.")
@click.option("--country", metavar="CODE", help="Where you buy from, such as DE; kept.")
@click.option("--affiliate", metavar="SLUG", help="Whose link brought you here.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@with_shell
def command(
    shell: Shell,
    listing: str,
    edition: str | None,
    organisation: str | None,
    country: str | None,
    affiliate: str | None,
    yes: bool,
) -> None:
    """Buy a listing from your wallet. LISTING is owner/name, or an id.

    Shows the price and asks first. The price shown is the price paid: when it has changed
    meanwhile, nothing is bought.
    """
    with shell.souk() as souk:
        found = souk.listings.get(listing)
        offer = _offer(found, edition)
        _show(shell, souk, found, offer, organisation)
        shell.confirm("Buy it?", is_agreed=yes)
        if country is not None:
            buyer = organisation or souk.account.get().user.organisation.id
            souk.organisations.state_billing(buyer, country=country.upper())
        order = souk.orders.create(
            OrderRequest(
                listing_id=found.id,
                offer_id=offer.id,
                organisation_id=organisation,
                affiliate=affiliate,
                expected_price_minor=offer.price_minor,
                expected_currency=offer.currency,
            )
        )
    shell.emit(order, lambda: _print(shell, order))


def _offer(listing: Listing, edition: str | None) -> Offer:
    offers = [offer for offer in listing.offers if offer.state == "active"]
    if edition is not None:
        offers = [offer for offer in offers if offer.edition == edition]
    if len(offers) == 1:
        return offers[0]
    names = ", ".join(o.edition for o in listing.offers if o.state == "active")
    if not names:
        raise Failure(f"{listing.address} is not for sale.", exit_code=REFUSED)
    raise Failure(f"Say which edition with --edition: {names}.", exit_code=REFUSED)


def _show(
    shell: Shell, souk: Souk, listing: Listing, offer: Offer, organisation: str | None
) -> None:
    price = output.price(offer.price_minor, offer.currency)
    shell.say(f"{output.plain(listing.title)} ({listing.address}), edition {offer.edition}")
    shell.say(f"Price {price}, licence {terms_text(offer)}, {listing.licence or 'no SPDX id'}")
    if offer.price_minor:
        wallet = souk.wallet.get(organisation_id=organisation)
        available = {b.currency: b.available_minor for b in wallet.balances}
        held = format_amount(available.get(offer.currency, 0), offer.currency)
        shell.say(f"Your wallet has {held}.")


def _print(shell: Shell, order: Order) -> None:
    click.echo(
        f"Bought {order.listing_address} for {output.price(order.price_minor, order.currency)}: "
        f"order {order.number}, licence {order.licence_id}."
    )
    shell.say(f"Fetch it with `mp download {order.listing_address}`.")
