"""Placements: what home wants a node to hold before anybody asks for it."""

import hashlib
from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from souk.edge.tickets import EdgeTicket

PLACED_TICKET: Final = "placed"
"""What a node sends as ticket when it fetches what home has placed on it: home looks that up. At a
node this opens nothing."""
MAX_PLACED: Final = 2000
"""Files placed on one node."""
MAX_REPORTED: Final = 200
"""Files that one heartbeat reports; the rest comes with the next."""

Size = Annotated[int, Meta(ge=0, le=2**53)]


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a node fetches ahead."""

    sha256: str
    size_bytes: int
    root: str
    """Of its list of slice hashes, as in a ticket."""
    listing_id: str
    organisation_id: str
    address: str
    filename: str
    pinned: bool
    """Whether it stays for as long as it is placed; else the cache decides."""
    number: int
    """Changes whenever home has decided anew about this file and node."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a placed file a node has."""

    sha256: Annotated[str, Meta(max_length=64)]
    number: Size
    bytes_held: Size


def digest_of(facts: Iterable[tuple[str, int]]) -> str:
    """What names a node's placements as a whole; empty when there are none.

    Args:
        facts: sha256 and number of each.
    """
    lines = sorted(f"{sha256} {number}" for sha256, number in facts)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32] if lines else ""


def ticket_of(placement: Placement) -> EdgeTicket:
    """What the cache has to know of the file; nobody else ever sees it."""
    return EdgeTicket(
        licence_id="",
        listing_id=placement.listing_id,
        organisation_id=placement.organisation_id,
        address=placement.address,
        sha256=placement.sha256,
        size_bytes=placement.size_bytes,
        slices_root=placement.root,
        filename=placement.filename,
        media_type="application/octet-stream",
        regions=(),
        issued_at=0,
        expires_at=0,
    )
