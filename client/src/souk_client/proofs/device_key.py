"""A licence's content key on its way to one device: wrapped for it, signed by the marketplace.

Wrapping: X25519 (RFC 7748) between a key made for this once and the device's, HKDF-SHA256
(RFC 5869) over both public keys, AES-256-GCM. The document is signed by a published licence key, so
a device checks it with no server, and knows until when it may open the licence's files without
asking again.
"""

import os
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from souk_client.proofs.canonical import decode_base64url, encode_base64url
from souk_client.proofs.entries import Moment
from souk_client.proofs.errors import ProofError
from souk_client.proofs.keys import KeySet, SigningKey
from souk_client.proofs.signed import SignedForm

_NONCE_BYTES: Final = 12


class DeviceKeyFacts(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True
):
    """What the document says: which licence's key is for which device, and until when."""

    issuer: str
    """The marketplace, by the origin of its key set."""
    licence_id: str
    device_id: str
    device_key: str
    """The device's X25519 public key, base64url."""
    issued_at: Moment
    expires_at: Moment
    """The first moment at which the device has to ask again."""
    kind: Literal["perpetual", "timed", "counted", "seats"]
    uses_granted: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """Of a counted licence: how many uses this device may write receipts for, from its first on."""
    once_key: str
    """The X25519 public key that was made for this wrapping, base64url."""
    wrapped_key: str
    """A nonce and the encrypted content key with its tag, base64url."""


def wrap_key(
    content_key: bytes, *, licence_id: str, device_id: str, device_key: bytes
) -> tuple[str, str]:
    """The one-time public key and the wrapped content key, as the document says them.

    Raises:
        ProofError: the device's key is none that a secret can be agreed with.
    """
    once = X25519PrivateKey.generate()
    once_public = once.public_key().public_bytes_raw()
    cipher = _agreed(once, device_key, once_public, device_key)
    nonce = os.urandom(_NONCE_BYTES)
    wrapped = nonce + cipher.encrypt(nonce, content_key, _bound(licence_id, device_id))
    return encode_base64url(once_public), encode_base64url(wrapped)


def unwrap_key(facts: DeviceKeyFacts, private: X25519PrivateKey) -> bytes:
    """The licence's content key, on the device that it was wrapped for.

    Raises:
        ProofError: it was wrapped for another device, or changed.
    """
    own = private.public_key().public_bytes_raw()
    once = decode_base64url(facts.once_key, what="The one-time key")
    wrapped = decode_base64url(facts.wrapped_key, what="The wrapped key")
    try:
        cipher = _agreed(private, once, once, own)
        bound = _bound(facts.licence_id, facts.device_id)
        return cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], bound)
    except (InvalidTag, ValueError) as error:
        raise ProofError("The key was wrapped for another device, or was changed.") from error


def sign_device_key(facts: DeviceKeyFacts, key: SigningKey) -> str:
    """The document's text."""
    return _FORM.sign(facts, key)


def verify_device_key(text: str, trusted: KeySet) -> DeviceKeyFacts:
    """What a document says that a trusted licence key signed.

    Raises:
        ProofError: another marketplace, an unknown key, a wrong signature, or no such document.
    """
    return _FORM.verify(text, trusted)


def check_offline(facts: DeviceKeyFacts, now: datetime) -> None:
    """Checks that the device need not ask again yet.

    Raises:
        ProofError: its time without contact is over.
    """
    if now >= facts.expires_at:
        raise ProofError(
            f"This device had to ask again by {facts.expires_at.isoformat()}: "
            "run `mp devices sync` with a connection."
        )


def _agreed(private: X25519PrivateKey, public: bytes, once: bytes, device: bytes) -> AESGCM:
    try:
        secret = private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError as error:  # of the wrong length, or of small order
        raise ProofError("With this X25519 key no secret can be agreed.") from error
    derivation = HKDF(algorithm=SHA256(), length=32, salt=once + device, info=b"souk/device-key/1")
    return AESGCM(derivation.derive(secret))


def _bound(licence_id: str, device_id: str) -> bytes:
    return f"souk/device-key/1|{licence_id}|{device_id}".encode()


_FORM: Final = SignedForm(DeviceKeyFacts, typ="souk-device-key+jws", name="device key")
