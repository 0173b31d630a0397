"""Tickets for nodes: made and checked at home."""

from souk.edge.tickets import KIND, EdgeTicket, sign_ticket
from souk.infra.keyring import URLS, Keyring
from souk.infra.keyring.signed_texts import NotSignedHere, read_text


class EdgeTickets:
    """Signs tickets for nodes with the marketplace's key of the purpose `urls`."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def sign(self, ticket: EdgeTicket) -> str:
        """The ticket as text for an address."""
        return sign_ticket(ticket, await self._keyring.current(URLS))

    async def read(self, text: str) -> EdgeTicket | None:
        """The ticket when this marketplace has signed it, however long ago; else None."""
        try:
            return await read_text(self._keyring, text, EdgeTicket, prefix=KIND)
        except NotSignedHere:
            return None

    async def made_here(self, address: str) -> EdgeTicket | None:
        """The ticket in an address at a node, as `read` gives it."""
        return await self.read(address.partition("/d/")[2].partition("/")[0])
