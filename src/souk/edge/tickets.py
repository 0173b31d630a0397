"""Signed addresses at a node: who may fetch which bytes until when, checked without asking home.

A ticket is `<payload>.<signature>`, both base64url: the payload is JSON, the signature Ed25519 by a
key of the marketplace's purpose `urls` over a prefix of this kind and the payload, so that no other
signed text of the marketplace is ever taken for one.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from souk_client.proofs import ProofError, PublicKey, SigningKey
from souk_client.proofs.canonical import decode_base64url, encode_base64url

KIND: Final = b"souk-edge-ticket-v1\0"
MAX_LIFE_S: Final = 300
SKEW_S: Final = 10
"""How far the clocks of a node and of home may be apart after the node has set its own right."""
MAX_TEXT: Final = 6000
_REMEMBERED: Final = 4096


class EdgeTicket(msgspec.Struct, frozen=True, kw_only=True):
    """What an address at a node says: one file of one listing, for whom it is, and until when."""

    licence_id: str = msgspec.field(name="l")
    listing_id: str = msgspec.field(name="i")
    organisation_id: str = msgspec.field(name="o")
    """The seller's, to whose account the traffic is written."""
    address: str = msgspec.field(name="a")
    """The listing's, `seller/slug`."""
    sha256: str = msgspec.field(name="s")
    size_bytes: int = msgspec.field(name="n")
    slices_root: str = msgspec.field(name="r")
    """What the list of slice hashes is checked with; empty where one slice is the whole file."""
    filename: str = msgspec.field(name="f")
    media_type: str = msgspec.field(name="m")
    regions: tuple[str, ...] = msgspec.field(name="g")
    """Where its bytes may lie; everywhere when empty."""
    issued_at: int = msgspec.field(name="t")
    """Unix seconds."""
    expires_at: int = msgspec.field(name="e")
    """Unix seconds."""
    key_id: str = msgspec.field(name="k", default="")

    @property
    def path(self) -> str:
        """What a purge by prefix looks at."""
        return f"/{self.address}/{self.filename}"


class TicketRefused(Exception):
    """A ticket that opens nothing here.

    Args:
        status: the HTTP status to answer with.
        code: as the marketplace names it.
        detail: what is wrong, and how to go on.
    """

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


def sign_ticket(ticket: EdgeTicket, key: SigningKey) -> str:
    """The ticket as text for an address."""
    signed = msgspec.structs.replace(ticket, key_id=key.public.kid)
    payload = encode_base64url(msgspec.json.encode(signed))
    return f"{payload}.{encode_base64url(key.sign(KIND + payload.encode()))}"


class TicketReader:
    """Checks tickets with the public keys it was given; remembers those it has checked."""

    def __init__(self) -> None:
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._known: OrderedDict[str, EdgeTicket] = OrderedDict()
        self.number = 0
        """Changes with the keys."""

    def trust(self, keys: Iterable[PublicKey]) -> None:
        """From now on these keys count, and no others.

        Raises:
            ProofError: a key is malformed.
        """
        fresh = {key.kid: Ed25519PublicKey.from_public_bytes(key.raw()) for key in keys}
        if fresh.keys() != self._keys.keys():
            self._known.clear()
            self.number += 1
        self._keys = fresh

    def verify(self, key_id: str, signature: bytes, message: bytes) -> bool:
        """Whether a trusted key of this id signed the message."""
        key = self._keys.get(key_id)
        if key is None:
            return False
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def read(self, text: str, *, now_s: float, grace_s: float = 0.0) -> EdgeTicket:
        """The ticket, once its signature and its time are checked.

        Args:
            now_s: Unix seconds by home's clock.
            grace_s: how long past its end it still counts.

        Raises:
            TicketRefused: `address_invalid` (403), `address_expired` (410).
        """
        ticket = self._known.get(text) or self._check(text)
        if ticket.expires_at + SKEW_S + grace_s < now_s:
            self._known.pop(text, None)
            raise TicketRefused(
                410, "address_expired", "This address has expired; ask the marketplace for another."
            )
        lives_s = ticket.expires_at - ticket.issued_at
        if lives_s > MAX_LIFE_S or ticket.issued_at > now_s + SKEW_S:
            raise _invalid()
        return ticket

    def _check(self, text: str) -> EdgeTicket:
        payload, _, signature = text.partition(".")
        try:
            ticket = msgspec.json.decode(decode_base64url(payload, what="address"), type=EdgeTicket)
            signed = decode_base64url(signature, what="signature")
        except (ProofError, msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise _invalid() from error
        if len(text) > MAX_TEXT or not self.verify(ticket.key_id, signed, KIND + payload.encode()):
            raise _invalid()
        self._known[text] = ticket
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return ticket


def _invalid() -> TicketRefused:
    return TicketRefused(403, "address_invalid", "This address was not made by the marketplace.")
