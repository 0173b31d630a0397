"""What home gives to nodes: bytes and slice hashes, for a node's secret and a caller's ticket."""

from collections.abc import AsyncIterator
from typing import Final

from souk.delivery.cdn import log_store, placement_store
from souk.delivery.cdn.nodes_store import NodeRow
from souk.delivery.cdn.signing import EdgeTickets
from souk.delivery.cdn.slicing import Slicing
from souk.edge.placements import PLACED_TICKET, ticket_of
from souk.edge.tickets import EdgeTicket
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import Forbidden, Gone, NotFound
from souk.rights.licences.api import Licences
from souk.works.artifacts.api import Artifacts

GRACE_S: Final = 3600
"""A node fetches for a download that began in time for so long after the ticket's end."""


class Origin:
    """Checks each time what the node itself cannot: that the licence is good at this moment."""

    def __init__(
        self, *, signing: EdgeTickets, licences: Licences, artifacts: Artifacts, slicing: Slicing
    ) -> None:
        self._signing = signing
        self._licences = licences
        self._artifacts = artifacts
        self._slicing = slicing

    async def admit(
        self, uow: UnitOfWork, node: NodeRow, text: str | None, *, sha256: str
    ) -> EdgeTicket:
        """The ticket with which this node may have these bytes now.

        Raises:
            Forbidden: `address_invalid`, `licence_not_good`, `region_not_allowed`.
            Gone: `address_expired`.
        """
        if text == PLACED_TICKET:
            return await self._placed(uow, node, sha256)
        ticket = await self._signing.read(text or "")
        if ticket is None or ticket.sha256 != sha256:
            raise Forbidden("address_invalid", "This address was not made by this marketplace.")
        if ticket.expires_at + GRACE_S < uow.now.timestamp():
            raise Gone("address_expired", "This address has expired.")
        allowed = await log_store.regions_of(
            uow, organisation_id=ticket.organisation_id, listing_id=ticket.listing_id
        )
        if allowed and node.region not in allowed:
            raise Forbidden("region_not_allowed", "The seller's bytes may not lie in this region.")
        check = await self._licences.check(uow, ticket.licence_id)
        if not check.good:
            raise Forbidden("licence_not_good", "The licence of this address has ended.")
        return ticket

    async def _placed(self, uow: UnitOfWork, node: NodeRow, sha256: str) -> EdgeTicket:
        """What home itself has placed on this node needs nobody's licence: it serves nobody yet."""
        found = await placement_store.placed_at(uow, node.id, sha256=sha256)
        if not found:
            raise Forbidden("address_invalid", "This file is not placed on this node.")
        (placement,) = found
        allowed = await log_store.regions_of(
            uow, organisation_id=placement.organisation_id, listing_id=placement.listing_id
        )
        if allowed and node.region not in allowed:
            raise Forbidden("region_not_allowed", "The seller's bytes may not lie in this region.")
        return ticket_of(placement)

    async def digests(self, uow: UnitOfWork, ticket: EdgeTicket) -> bytes:
        """The hashes of the file's slices. Raises NotFound `slices_unknown`."""
        if not ticket.slices_root:
            raise NotFound("slices_unknown", "A file of one slice has no list.")
        return await self._slicing.digests(uow, ticket.sha256)

    def read(self, ticket: EdgeTicket, *, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes themselves."""
        return self._artifacts.open(ticket.sha256, start=start, end=end)
