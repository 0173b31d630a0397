"""mp publish"""

from pathlib import Path
from typing import get_args

import click

from souk_client.cli import output
from souk_client.cli.archive import unpacked
from souk_client.cli.folder import read_folder
from souk_client.cli.publish_work import FIRST_VERSION, minor_of, publish_work, seller_of
from souk_client.cli.publishing import Wanted
from souk_client.cli.shell import Shell, with_shell
from souk_client.contracts.base import ListingKind
from souk_client.contracts.works import Listing

EPILOG = """\b
The card README.md may begin with front matter; options win over it:
  ---
  kind: model
  title: Iris classifier
  slug: iris
  version: 1.0.0
  price: 9.99
  license: Apache-2.0
  tags: [onnx, tabular]
  ---

\b
Examples:
  mp publish ./iris
  mp publish ./iris --version 1.1.0 --notes "Trained longer"
  mp publish ./iris --price 0 --draft
  mp publish iris.tar.gz
"""


@click.command(name="publish", epilog=EPILOG)
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--kind", type=click.Choice(get_args(ListingKind)), help="What it is.")
@click.option("--slug", help="The listing's name in its address.")
@click.option("--title")
@click.option("--summary", help="One line for lists.")
@click.option("--licence", "--license", help="An SPDX expression.")
@click.option("--tag", multiple=True, help="May be repeated.")
@click.option("--version", help="A semantic version. [1.0.0]")
@click.option("--notes", default="", help="What is new in this version.")
@click.option("--price", metavar="AMOUNT", help="For a new listing; 0 for free.")
@click.option("--currency", help="Of --price. [USD]")
@click.option("--edition", default="standard", show_default=True, help="Name of the offer.")
@click.option("--organisation", metavar="SLUG", help="Who sells; you when left out.")
@click.option("--draft", is_flag=True, help="Do everything but make it public.")
@click.option("--parallel", type=click.IntRange(1, 16), default=4, show_default=True)
@with_shell
def command(  # click hands over each option by name
    shell: Shell,
    path: Path,
    kind: str | None,
    slug: str | None,
    title: str | None,
    summary: str | None,
    licence: str | None,
    tag: tuple[str, ...],
    version: str | None,
    notes: str,
    price: str | None,
    currency: str | None,
    edition: str,
    organisation: str | None,
    draft: bool,
    parallel: int,
) -> None:
    """Publish a folder or an archive as a listing, or as its next version.

    Sends what the marketplace does not hold yet, in parallel parts. Run it again after a break: it
    goes on where it stopped.
    """
    with unpacked(path) as folder, shell.souk() as souk:
        work = read_folder(folder)
        money = (currency or work.word("currency") or "USD").upper()
        owner, organisation_id = seller_of(souk, organisation)
        wanted = Wanted(
            owner=owner,
            organisation_id=organisation_id,
            kind=kind or work.word("kind"),
            slug=slug or work.slug(),
            title=title or work.title(),
            summary=summary,
            licence=licence,
            tags=list(tag),
            version=version or work.word("version") or FIRST_VERSION,
            notes=notes,
            price_minor=minor_of(price or work.word("price"), money),
            currency=money,
            edition=edition,
        )
        listing = publish_work(shell, souk, work, wanted, parallel=parallel, is_draft=draft)
    shell.emit(listing, lambda: _print(shell, listing, wanted))


def _print(shell: Shell, listing: Listing, wanted: Wanted) -> None:
    what = "Published" if listing.state == "published" else "Saved as a draft:"
    click.echo(f"{what} {listing.address} {wanted.version}: {output.plain(listing.title)}")
    shell.say(f"Look at it with `mp show {listing.address}`.")
