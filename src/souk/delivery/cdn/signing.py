"""Tickets for nodes: made and checked at home."""

import msgspec

from souk.edge.tickets import KIND, EdgeTicket, sign_ticket
from souk.infra.keyring import URLS, Keyring, KeyUnknown
from souk_client.proofs import ProofError
from souk_client.proofs.canonical import decode_base64url


class EdgeTickets:
    """Signs tickets for nodes with the marketplace's key of the purpose `urls`."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def sign(self, ticket: EdgeTicket) -> str:
        """The ticket as text for an address."""
        return sign_ticket(ticket, await self._keyring.current(URLS))

    async def read(self, text: str) -> EdgeTicket | None:
        """The ticket when this marketplace has signed it, however long ago; else None."""
        payload, _, signature = text.partition(".")
        try:
            ticket = msgspec.json.decode(decode_base64url(payload, what="address"), type=EdgeTicket)
            key = await self._keyring.verifier(URLS, ticket.key_id)
            key.verify(decode_base64url(signature, what="signature"), KIND + payload.encode())
        except (ProofError, KeyUnknown, msgspec.MsgspecError, UnicodeError, RecursionError):
            return None
        return ticket

    async def made_here(self, address: str) -> EdgeTicket | None:
        """The ticket in an address at a node, as `read` gives it."""
        return await self.read(address.partition("/d/")[2].partition("/")[0])
