"""mp publish"""

from pathlib import Path
from typing import get_args

import click

from souk_client.cli import output
from souk_client.cli.bars import bars
from souk_client.cli.failures import USAGE, Failure
from souk_client.cli.folder import WorkFolder, read_folder
from souk_client.cli.publishing import (
    Wanted,
    create_listing,
    create_version,
    find_listing,
    publish_when_scanned,
    update_listing,
    upload_all,
)
from souk_client.cli.shell import Shell, with_shell
from souk_client.cli.upload_notes import UploadNotes
from souk_client.contracts.base import ListingKind
from souk_client.contracts.works import Listing
from souk_client.sdk.client import Souk
from souk_client.sdk.money import parse_amount

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
"""


@click.command(name="publish", epilog=EPILOG)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
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
    folder: Path,
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
    """Publish a folder as a listing, or as its next version.

    Sends what the marketplace does not hold yet, in parallel parts. Run it again after a break: it
    goes on where it stopped.
    """
    work = read_folder(folder)
    money = (currency or work.word("currency") or "USD").upper()
    with shell.souk() as souk:
        owner, organisation_id = _seller(souk, organisation)
        wanted = Wanted(
            owner=owner,
            organisation_id=organisation_id,
            kind=kind or work.word("kind"),
            slug=slug or work.slug(),
            title=title or work.title(),
            summary=summary,
            licence=licence,
            tags=list(tag),
            version=version or work.word("version") or "1.0.0",
            notes=notes,
            price_minor=_minor(price or work.word("price"), money),
            currency=money,
            edition=edition,
        )
        listing = _publish(shell, souk, work, wanted, parallel=parallel, is_draft=draft)
    shell.emit(listing, lambda: _print(shell, listing, wanted))


def _publish(
    shell: Shell,
    souk: Souk,
    work: WorkFolder,
    wanted: Wanted,
    *,
    parallel: int,
    is_draft: bool,
) -> Listing:
    listing = find_listing(souk, wanted)
    if listing is None:
        listing = create_listing(souk, wanted, work)
    else:
        listing = update_listing(souk, listing, wanted, work)
    shell.say(f"{wanted.address}: sending {len(work.files)} files.")
    with bars(is_quiet=shell.is_quiet or shell.as_json) as tell:
        artifacts = upload_all(
            souk,
            work,
            organisation_id=wanted.organisation_id,
            parallel=parallel,
            memory=UploadNotes(shell.store.folder, shell.api_url),
            on_progress=tell,
        )
    made = create_version(souk, listing, wanted, artifacts)
    if made is None:
        shell.say(f"Version {wanted.version} is there already, with these files.")
    if is_draft:
        return souk.listings.get(listing.id)
    return publish_when_scanned(souk, listing, wanted, say=shell.say)


def _seller(souk: Souk, slug: str | None) -> tuple[str, str]:
    """Slug and id of the organisation that sells."""
    me = souk.account.get()
    if slug is None:
        return me.user.organisation.slug, me.user.organisation.id
    for membership in me.memberships:
        if slug in (membership.organisation.slug, membership.organisation.id):
            return membership.organisation.slug, membership.organisation.id
    mine = ", ".join(membership.organisation.slug for membership in me.memberships)
    raise Failure(f"You are not a member of {slug}; you are of {mine}.", exit_code=USAGE)


def _minor(price: str | None, currency: str) -> int | None:
    if price is None:
        return None
    try:
        return parse_amount(price, currency)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--price") from error


def _print(shell: Shell, listing: Listing, wanted: Wanted) -> None:
    what = "Published" if listing.state == "published" else "Saved as a draft:"
    click.echo(f"{what} {listing.address} {wanted.version}: {output.plain(listing.title)}")
    shell.say(f"Look at it with `mp show {listing.address}`.")
