"""Protection: devices, the keys that licences release to them, receipts."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from souk_client.contracts.base import Answer, Name, Request, Sha256
from souk_client.contracts.rights import LicenceState

Key32 = Annotated[
    str, Meta(pattern="^[A-Za-z0-9_-]{43}$", description="32 bytes in unpadded base64url")
]
Signature = Annotated[
    str, Meta(pattern="^[A-Za-z0-9_-]{86}$", description="64 bytes in unpadded base64url")
]
ReceiptText = Annotated[
    str, Meta(min_length=1, max_length=2000, description="`payload.signature`, both base64url")
]


class DeviceRequest(Request, frozen=True, kw_only=True):
    """A device that shall open protected files."""

    name: Name
    exchange_key: Key32
    """Its X25519 public key, which content keys are wrapped for."""
    signing_key: Key32
    """Its Ed25519 public key, which its receipts are signed with."""
    proof: Signature
    """By the signing key over `souk/device/1`, a zero byte, the signing key, the exchange key."""


class DeviceLicence(Answer, frozen=True, kw_only=True):
    """A licence whose key a device has."""

    licence_id: str
    listing_address: str
    listing_title: str
    state: LicenceState
    """When it is not `active`, the device has to drop its key."""
    released_at: datetime
    offline_until: datetime
    """Until then the device opens files without asking again."""
    uses_granted: int | None
    """Of a counted licence: what was set aside for this device in all."""
    uses_receipted: int | None
    """What of it the device has sent receipts for."""


class Device(Answer, frozen=True, kw_only=True):
    id: str
    name: str
    created_at: datetime
    last_seen_at: datetime
    revoked_at: datetime | None
    """A revoked device gets no more keys, and drops those it has at its next contact."""
    licences: list[DeviceLicence]


class LicenceDevice(Answer, frozen=True, kw_only=True):
    """A device of a licence, as all members of the licence's holder see it."""

    device_id: str
    name: str
    user_id: str
    released_at: datetime
    offline_until: datetime
    uses_granted: int | None
    uses_receipted: int | None


class LicenceDevices(Answer, frozen=True, kw_only=True):
    items: list[LicenceDevice]
    limit: int
    """How many devices may have the licence's key at once."""


class DeviceKeyRequest(Request, frozen=True, kw_only=True):
    """Asks for a licence's key, or for more time and uses with it."""

    uses: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    """Of a counted licence: how many unspent uses the device wants to have; the marketplace's
    `SOUK_PROTECTION_USES_AHEAD` when left out."""


class DeviceKey(Answer, frozen=True, kw_only=True):
    """A licence's content key, wrapped for one device."""

    document: str
    """A compact JWS (EdDSA) by a published licence key; `souk_client.proofs` opens it."""
    expires_at: datetime
    uses_granted: int | None


class ReceiptsRequest(Request, frozen=True, kw_only=True):
    """Receipts in the order in which the device wrote them."""

    receipts: Annotated[list[ReceiptText], Meta(min_length=1, max_length=1000)]


class ReceiptsTaken(Answer, frozen=True, kw_only=True):
    accepted: int
    known: int
    """Receipts that had arrived before; nothing was counted again."""
    sequence: int
    """How far the device's chain goes now."""
    uses_receipted: int
    uses_granted: int


class ListingProtection(Answer, frozen=True, kw_only=True):
    """What a seller chose for a listing."""

    listing_id: str
    delivery: Literal["open", "devices"]
    """`devices`: files leave only encrypted for a licence's registered devices."""


class ListingProtectionRequest(Request, frozen=True, kw_only=True):
    delivery: Literal["open", "devices"]


class MarkedCopyRequest(Request, frozen=True, kw_only=True):
    """Asks for a copy of a file that carries the licence's mark."""

    path: Annotated[str, Meta(min_length=1, max_length=1024)]


class MarkedCopy(Answer, frozen=True, kw_only=True):
    """A copy that carries a licence's mark; its hash is its own."""

    licence_id: str
    path: str
    source_sha256: str
    sha256: str
    size_bytes: int
    weights: int
    """How many weights carry the fingerprint; 0 when the file has none, or too few."""
    statement: str
    """A compact JWS (EdDSA) by a published licence key that ties both hashes together."""
    created_at: datetime


class TraceRequest(Request, frozen=True, kw_only=True):
    """Asks whose copy a file was: one that the seller has uploaded."""

    sha256: Sha256
    """The suspect file."""
    source_sha256: Sha256
    """The file of the listing that it is compared with."""


class TraceMatch(Answer, frozen=True, kw_only=True):
    licence_id: str
    score: float
    """In standard deviations of chance."""
    chance: float
    """The most that the probability can be that any licence asked for scores so by chance."""


class Trace(Answer, frozen=True, kw_only=True):
    """How a file goes along with the licences that have marked copies, the best first."""

    licences: int
    """How many were asked for."""
    weights: int
    """How many weights could be compared."""
    found: str | None
    """The licence, where chance is below one in a million."""
    matches: list[TraceMatch]
    """The best ten."""
