"""Tickets for tests."""

import hashlib

import msgspec

from souk.edge.slices import SLICE_BYTES, root_of
from souk.edge.tickets import EdgeTicket, TicketReader, sign_ticket
from souk_client.proofs import SigningKey

KEY = SigningKey.from_seed(b"k" * 32, purpose="urls")
NOW = 1_800_000_000


def ticket_for(content: bytes, **changes: object) -> EdgeTicket:
    """A ticket of this content, good from NOW on for five minutes."""
    slices = [content[at : at + SLICE_BYTES] for at in range(0, len(content), SLICE_BYTES)]
    digests = b"".join(hashlib.sha256(one).digest() for one in slices)
    made = EdgeTicket(
        licence_id="lic_1",
        listing_id="lst_1",
        organisation_id="org_1",
        address="ada/maps",
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        slices_root=root_of(digests, len(content)) if len(slices) > 1 else "",
        filename="data.bin",
        media_type="application/octet-stream",
        regions=(),
        issued_at=NOW,
        expires_at=NOW + 300,
    )
    return msgspec.structs.replace(made, **changes)


def digests_of(content: bytes) -> bytes:
    """The list of its slice hashes."""
    slices = [content[at : at + SLICE_BYTES] for at in range(0, len(content), SLICE_BYTES)]
    return b"".join(hashlib.sha256(one).digest() for one in slices)


def signed(ticket: EdgeTicket) -> str:
    return sign_ticket(ticket, KEY)


def reader() -> TicketReader:
    """One that trusts KEY."""
    made = TicketReader()
    made.trust([KEY.public])
    return made
