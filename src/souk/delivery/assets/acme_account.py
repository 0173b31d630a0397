"""Who the marketplace is to an ACME authority, and how it says no; needs none of its library."""

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


class AcmeFailed(Exception):
    """The authority gives no certificate; the message says why."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Who the marketplace is to an authority."""

    key_pem: bytes
    address: str
    """Empty: not known there yet."""


def fresh_account_key() -> bytes:
    """A key for a new account, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
