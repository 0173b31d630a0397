"""Certificates: what is checked of them before a node serves with them."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from souk.delivery.assets.domain_errors import CertificateInvalid

MAX_CHAIN: Final = 10
MIN_RSA_BITS: Final = 2048
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1)


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that fits its key and its domain."""

    chain_pem: str
    key_pem: bytes
    not_before: datetime
    not_after: datetime


def checked(chain_pem: str, key_pem: str, *, name: str, now: datetime) -> Certificate:
    """The certificate, when it serves this name now.

    Raises:
        Invalid: `certificate_invalid`; the detail says what is wrong.
    """
    chain = _chain(chain_pem)
    leaf = chain[0]
    key = _key(key_pem)
    if _public(leaf.public_key()) != _public(key.public_key()):
        raise CertificateInvalid("The key is not that of the first certificate.")
    if not leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc:
        raise CertificateInvalid(
            f"The certificate counts from {leaf.not_valid_before_utc:%Y-%m-%d} until "
            f"{leaf.not_valid_after_utc:%Y-%m-%d} only."
        )
    if not covers(leaf, name):
        raise CertificateInvalid(f"The certificate is not for {name}.")
    for below, above in pairwise(chain):
        try:
            below.verify_directly_issued_by(above)
        except (InvalidSignature, ValueError, TypeError) as error:
            raise CertificateInvalid(
                "The certificates are not in order: each must be signed by the next."
            ) from error
    return Certificate(
        chain_pem="".join(one.public_bytes(Encoding.PEM).decode() for one in chain),
        key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        not_before=leaf.not_valid_before_utc.astimezone(UTC),
        not_after=leaf.not_valid_after_utc.astimezone(UTC),
    )


def covers(leaf: x509.Certificate, name: str) -> bool:
    """Whether a certificate names this host, by itself or by `*.` before what follows its first
    label (RFC 9525)."""
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        named = {text.lower() for text in found.get_values_for_type(x509.DNSName)}
    except (x509.ExtensionNotFound, ValueError):
        return False
    return name in named or f"*.{name.partition('.')[2]}" in named


def _chain(pem: str) -> list[x509.Certificate]:
    try:
        chain = x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise CertificateInvalid("The certificates are not readable as PEM.") from error
    if not 1 <= len(chain) <= MAX_CHAIN:
        raise CertificateInvalid(f"Send 1 to {MAX_CHAIN} certificates.")
    return chain


def _key(pem: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    try:
        key: PrivateKeyTypes = load_pem_private_key(pem.encode(), password=None)
    except TypeError as error:
        raise CertificateInvalid("The key has a passphrase; send it without one.") from error
    except ValueError as error:
        raise CertificateInvalid("The key is not readable as PEM.") from error
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= MIN_RSA_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, _CURVES):
        return key
    raise CertificateInvalid(
        f"The key must be RSA of at least {MIN_RSA_BITS} bits, or ECDSA on P-256 or P-384."
    )


def _public(key: object) -> bytes:
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return b""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
