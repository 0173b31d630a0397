"""Signed addresses: who may fetch which bytes until when, checked without asking anybody.

A ticket is `<payload>.<signature>`, both base64url: the payload is JSON, the signature Ed25519 by
the marketplace's key of the purpose `urls`. A node that knows the public keys can check it alone.
"""

from datetime import datetime

import msgspec

from souk.infra.keyring import URLS, Keyring, KeyUnknown
from souk.kernel.errors import Forbidden, Gone
from souk_client.proofs import ProofError
from souk_client.proofs.canonical import decode_base64url, encode_base64url


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """What an address says: a licence, the file it opens, and until when."""

    licence_id: str = msgspec.field(name="l")
    version_id: str = msgspec.field(name="v")
    sha256: str = msgspec.field(name="s")
    size_bytes: int = msgspec.field(name="n")
    filename: str = msgspec.field(name="f")
    media_type: str = msgspec.field(name="m")
    expires_at: int = msgspec.field(name="e")
    """Unix seconds."""
    key_id: str = msgspec.field(name="k", default="")


class Tickets:
    """Signs and reads tickets."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def sign(self, ticket: Ticket) -> str:
        """The ticket as text for an address."""
        key = await self._keyring.current(URLS)
        signed = msgspec.structs.replace(ticket, key_id=key.public.kid)
        payload = encode_base64url(msgspec.json.encode(signed))
        return f"{payload}.{encode_base64url(key.sign(payload.encode()))}"

    async def read(self, text: str, *, now: datetime) -> Ticket:
        """The ticket, once its signature and time are checked.

        Raises:
            Forbidden: `address_invalid`.
            Gone: `address_expired`.
        """
        payload, _, signature = text.partition(".")
        try:
            ticket = msgspec.json.decode(decode_base64url(payload, what="address"), type=Ticket)
            key = await self._keyring.verifier(URLS, ticket.key_id)
            key.verify(decode_base64url(signature, what="signature"), payload.encode())
        except (ProofError, KeyUnknown, msgspec.MsgspecError, UnicodeError) as error:
            raise Forbidden(
                "address_invalid", "This download address was not made by this marketplace."
            ) from error
        if ticket.expires_at < now.timestamp():
            raise Gone(
                "address_expired",
                "This download address has expired; get a new one from the licence's files.",
            )
        return ticket
