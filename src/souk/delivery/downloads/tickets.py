"""Signed addresses: who may fetch which bytes until when, checked without asking anybody.

Whoever knows the public keys can check one alone.
"""

from datetime import datetime

import msgspec

from souk.infra.keyring import Keyring
from souk.infra.keyring.signed_texts import NotSignedHere, Signed, read_text, sign_text
from souk.kernel.errors import Forbidden, Gone


class Ticket(Signed, frozen=True, kw_only=True):
    """What an address says: a licence, the file it opens, and until when."""

    licence_id: str = msgspec.field(name="l")
    version_id: str = msgspec.field(name="v")
    sha256: str = msgspec.field(name="s")
    size_bytes: int = msgspec.field(name="n")
    filename: str = msgspec.field(name="f")
    media_type: str = msgspec.field(name="m")
    expires_at: int = msgspec.field(name="e")
    """Unix seconds."""
    protected_path: str = msgspec.field(name="p", default="")
    """The file's path in its version, when it leaves encrypted for the licence's devices."""


class Tickets:
    """Signs and reads tickets."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def sign(self, ticket: Ticket) -> str:
        """The ticket as text for an address."""
        return await sign_text(self._keyring, ticket)

    async def read(self, text: str, *, now: datetime) -> Ticket:
        """The ticket, once its signature and time are checked.

        Raises:
            Forbidden: `address_invalid`.
            Gone: `address_expired`.
        """
        try:
            ticket = await read_text(self._keyring, text, Ticket)
        except NotSignedHere as error:
            raise Forbidden(
                "address_invalid", "This download address was not made by this marketplace."
            ) from error
        if ticket.expires_at < now.timestamp():
            raise Gone(
                "address_expired",
                "This download address has expired; get a new one from the licence's files.",
            )
        return ticket
