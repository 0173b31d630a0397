"""Signed addresses that take the bytes of a large file: clients send no credential there."""

from datetime import datetime
from typing import Final

import msgspec

from souk.infra.keyring import Keyring
from souk.infra.keyring.signed_texts import NotSignedHere, Signed, read_text, sign_text
from souk.kernel.actor import Actor
from souk.kernel.errors import Forbidden, Gone
from souk.kernel.ids import OrganisationId, UserId

_PURPOSE: Final = b"souk hub upload."


class UploadTicket(Signed, frozen=True, kw_only=True):
    """Who may send which bytes until when."""

    user_id: str = msgspec.field(name="u")
    organisation_id: str = msgspec.field(name="o")
    """Who will hold them."""
    sha256: str = msgspec.field(name="s")
    size_bytes: int = msgspec.field(name="n")
    upload_id: str = msgspec.field(name="i", default="")
    """Empty for a file that is sent in one piece: its upload begins with it."""
    part: int = msgspec.field(name="p", default=0)
    """From 1; 0 completes the upload, or sends a file in one piece."""
    expires_at: int = msgspec.field(name="e")
    """Unix seconds."""

    def actor(self) -> Actor:
        """The sender, with the rights that sending these bytes needs and no others."""
        organisation_id = OrganisationId(self.organisation_id)
        return Actor(
            user_id=UserId(self.user_id),
            organisation_id=organisation_id,
            memberships={organisation_id: "manager"},
            permissions=frozenset({"marketplace:create_resource"}),
        )


class UploadTickets:
    """Signs and reads upload tickets."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def sign(self, ticket: UploadTicket) -> str:
        """The ticket as text for an address."""
        return await sign_text(self._keyring, ticket, prefix=_PURPOSE)

    async def read(self, text: str, *, now: datetime) -> UploadTicket:
        """The ticket, once its signature and time are checked.

        Raises:
            Forbidden: `upload_address_invalid`.
            Gone: `upload_address_expired`.
        """
        try:
            ticket = await read_text(self._keyring, text, UploadTicket, prefix=_PURPOSE)
        except NotSignedHere as error:
            raise Forbidden(
                "upload_address_invalid", "This upload address was not made by this marketplace."
            ) from error
        if ticket.expires_at < now.timestamp():
            raise Gone(
                "upload_address_expired",
                "This upload address has expired; announce the file again for a new one.",
            )
        return ticket
