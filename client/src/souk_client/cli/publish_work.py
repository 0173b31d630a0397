"""A folder becomes a listing, or its next version: what `mp publish` and `mp import` share."""

import click

from souk_client.cli.bars import bars
from souk_client.cli.failures import USAGE, Failure
from souk_client.cli.folder import WorkFolder
from souk_client.cli.publishing import (
    Wanted,
    create_listing,
    create_version,
    find_listing,
    publish_when_scanned,
    update_listing,
    upload_all,
)
from souk_client.cli.shell import Shell
from souk_client.cli.upload_notes import UploadNotes
from souk_client.contracts.works import Listing
from souk_client.sdk.client import Souk
from souk_client.sdk.money import parse_amount

FIRST_VERSION = "1.0.0"


def publish_work(
    shell: Shell,
    souk: Souk,
    work: WorkFolder,
    wanted: Wanted,
    *,
    parallel: int,
    is_draft: bool,
) -> Listing:
    """Does every step that an earlier run has not done yet."""
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


def seller_of(souk: Souk, slug: str | None) -> tuple[str, str]:
    """Slug and id of the organisation that sells: the caller's own when none is named.

    Raises:
        Failure: the caller does not belong to it.
    """
    me = souk.account.get()
    if slug is None:
        return me.user.organisation.slug, me.user.organisation.id
    for membership in me.memberships:
        if slug in (membership.organisation.slug, membership.organisation.id):
            return membership.organisation.slug, membership.organisation.id
    mine = ", ".join(membership.organisation.slug for membership in me.memberships)
    raise Failure(f"You are not a member of {slug}; you are of {mine}.", exit_code=USAGE)


def minor_of(price: str | None, currency: str) -> int | None:
    """A price as written in minor units.

    Raises:
        click.BadParameter: it is no amount of this currency.
    """
    if price is None:
        return None
    try:
        return parse_amount(price, currency)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--price") from error
