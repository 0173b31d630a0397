"""Sends a download to the node nearest to who asks: fulfils the Protocol of downloads."""

from typing import Final
from urllib.parse import quote

from souk.delivery.cdn import log_store
from souk.delivery.cdn.demand import Demand
from souk.delivery.cdn.routing import Routing
from souk.delivery.cdn.signing import EdgeTickets
from souk.delivery.cdn.slicing import Slicing
from souk.edge.tickets import MAX_LIFE_S, EdgeTicket
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.rights.licences.api import Licences
from souk.works.listings.api import Listings

LEAST_S: Final = 5
"""An address that ends sooner is of no use to a client that still has to go there."""


class Sending:
    """Makes addresses at nodes."""

    def __init__(
        self,
        database: Database,
        *,
        listings: Listings,
        licences: Licences,
        routing: Routing,
        slicing: Slicing,
        signing: EdgeTickets,
        demand: Demand,
    ) -> None:
        self._database = database
        self._listings = listings
        self._licences = licences
        self._routing = routing
        self._slicing = slicing
        self._signing = signing
        self._demand = demand

    async def address(
        self,
        *,
        licence_id: str,
        sha256: str,
        size_bytes: int,
        filename: str,
        media_type: str,
        expires_at: int,
        client_address: str,
    ) -> str | None:
        """Where these bytes can be had now, near this client; None when only here.

        Args:
            expires_at: Unix seconds; the address at the node ends no later.
        """
        if not await self._routing.any_ready():
            return None
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            now = int(uow.now.timestamp())
            grant = await self._licences.grant(uow, licence_id)
            listing = await self._listings.get(uow, grant.listing_id)
            regions = await log_store.regions_of(
                uow, organisation_id=listing.owner.id, listing_id=listing.id
            )
            root = await self._slicing.root(uow, sha256, size_bytes)
        until = min(expires_at, now + MAX_LIFE_S)
        if root is None or until - now < LEAST_S:
            return None
        node = await self._routing.node_for(address=client_address, sha256=sha256, regions=regions)
        if node is None:
            return None
        self._demand.count(
            node.region, sha256, listing_id=listing.id, organisation_id=listing.owner.id
        )
        text = await self._signing.sign(
            EdgeTicket(
                licence_id=licence_id,
                listing_id=listing.id,
                organisation_id=listing.owner.id,
                address=listing.address,
                sha256=sha256,
                size_bytes=size_bytes,
                slices_root=root,
                filename=filename,
                media_type=media_type,
                regions=tuple(regions),
                issued_at=now,
                expires_at=until,
            )
        )
        return f"{node.url}/d/{text}/{quote(filename, safe='')}"
