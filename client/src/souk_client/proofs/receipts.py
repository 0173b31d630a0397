"""Receipts: a device's signed, chained notes of the uses that it took from a counted licence.

Each receipt names the one before it by its hash and says how many uses there were so far, so that
one that is left out, sent twice, or written a second time under the same number is found by
whoever has the chain up to there.
"""

import hashlib
from datetime import datetime
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from souk_client.proofs.canonical import (
    canonical_json,
    decode_base64url,
    encode_base64url,
    read_canonical,
)
from souk_client.proofs.entries import Moment
from souk_client.proofs.errors import ProofError

MAX_USES: Final = 10**9
_PREFIX: Final = b"souk/receipt/1\0"
_DEVICE_PREFIX: Final = b"souk/device/1\0"

Count = Annotated[int, msgspec.Meta(ge=1, le=MAX_USES)]


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Some uses of a counted licence on a device."""

    licence_id: str
    device_id: str
    sequence: Count
    """1, 2, 3, … for each licence on each device."""
    previous: str
    """The hash of the receipt before it; empty for the first."""
    uses: Count
    total: Count
    """All uses up to and with this one."""
    used_at: Moment


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """How far a chain of receipts goes."""

    sequence: int = 0
    total: int = 0
    last_hash: str = ""


def write_receipt(
    key: Ed25519PrivateKey,
    place: Place,
    *,
    licence_id: str,
    device_id: str,
    uses: int,
    used_at: datetime,
) -> tuple[str, Place]:
    """The text of the next receipt, and how far the chain goes with it."""
    receipt = Receipt(
        licence_id=licence_id,
        device_id=device_id,
        sequence=place.sequence + 1,
        previous=place.last_hash,
        uses=uses,
        total=place.total + uses,
        used_at=used_at,
    )
    payload = encode_base64url(canonical_json(receipt))
    text = f"{payload}.{encode_base64url(key.sign(_PREFIX + payload.encode()))}"
    return text, place_after(receipt, text)


def read_receipt(text: str, *, device_key: bytes) -> Receipt:
    """A receipt that this device has signed.

    Raises:
        ProofError: another device's, or changed since.
    """
    payload, _, signature = text.partition(".")
    receipt = read_canonical(
        decode_base64url(payload, what="The receipt"), Receipt, what="The receipt"
    )
    signed = decode_base64url(signature, what="The receipt's signature")
    try:
        key = Ed25519PublicKey.from_public_bytes(device_key)
        key.verify(signed, _PREFIX + payload.encode())
    except (InvalidSignature, ValueError) as error:
        raise ProofError("The receipt was not signed by this device.") from error
    return receipt


def place_after(receipt: Receipt, text: str) -> Place:
    """How far a chain goes that ends with this receipt."""
    return Place(sequence=receipt.sequence, total=receipt.total, last_hash=receipt_hash(text))


def receipt_hash(text: str) -> str:
    """What the next receipt calls this one: the sha256 of its text."""
    return hashlib.sha256(text.encode()).hexdigest()


def prove_device(key: Ed25519PrivateKey, exchange_key: bytes) -> bytes:
    """The signature that binds a device's two keys: whoever registers them holds both."""
    own = key.public_key().public_bytes_raw()
    return key.sign(_DEVICE_PREFIX + own + exchange_key)


def check_device(signing_key: bytes, exchange_key: bytes, proof: bytes) -> None:
    """Checks what `prove_device` made.

    Raises:
        ProofError: it is not this key's signature of both.
    """
    try:
        key = Ed25519PublicKey.from_public_bytes(signing_key)
        key.verify(proof, _DEVICE_PREFIX + signing_key + exchange_key)
    except (InvalidSignature, ValueError) as error:
        raise ProofError("The device's proof is no signature of its two keys.") from error
