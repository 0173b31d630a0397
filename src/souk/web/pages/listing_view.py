"""What the parts of a listing's page are made from: one view, and a loader for each part.

A part is a template in `templates/pages/listing/` and a loader: an async function that takes the
view and answers the names its template needs. To add one, include its template in
`pages/listing.html` and name its loader in `LOADERS` of `pages/listing.py`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.web.forms import PageRequest
from souk.web.market import Market
from souk.web.shell import Shell
from souk.works.listings.api import current_version
from souk_client.contracts.works import Listing, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingView:
    """One visitor looking at one listing."""

    request: PageRequest
    uow: UnitOfWork
    actor: Actor
    shell: Shell
    market: Market
    listing: Listing
    latest: Version | None
    """What a buyer gets; of a draft, what a buyer would get."""

    @property
    def may_edit(self) -> bool:
        """Whether the visitor manages the selling organisation."""
        return self.actor.manages(self.listing.owner.id)


Loader = Callable[[ListingView], Awaitable[Mapping[str, object]]]
"""Reads what one part of the page shows, by the names of its template."""


def shown_version(listing: Listing) -> Version | None:
    """What a buyer gets; of a draft, what a buyer would get. Sellers see later versions too."""
    return current_version(listing) or (listing.versions[0] if listing.versions else None)
