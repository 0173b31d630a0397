"""Sealing: AES-256-GCM under keys derived from one secret, a key for each purpose.

Sources: RFC 5869 (HKDF), NIST SP 800-38D (GCM, random 96-bit nonces).
"""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_SALT: Final = b"souk/sealing/1"
_NONCE_BYTES: Final = 12
SECRET_BYTES: Final = 32


class SealBroken(Exception):
    """Sealed bytes that this secret and purpose did not make, or that were changed since."""


class Sealer:
    """Seals and opens short secrets. What one purpose sealed, no other opens.

    Args:
        secret: 64 hexadecimal digits (`Settings.secret`).

    Raises:
        ValueError: the secret has another shape.
    """

    def __init__(self, secret: str) -> None:
        self._secret = bytes.fromhex(secret)
        if len(self._secret) != SECRET_BYTES:
            raise ValueError("the secret must be 64 hexadecimal digits")
        self._ciphers: dict[str, AESGCM] = {}

    def derive(self, purpose: str) -> bytes:
        """32 bytes that belong to this purpose alone: for keyed digests."""
        derivation = HKDF(
            algorithm=SHA256(), length=32, salt=_SALT, info=f"derive:{purpose}".encode()
        )
        return derivation.derive(self._secret)

    def seal(self, purpose: str, data: bytes) -> bytes:
        """A random nonce and the encrypted, authenticated data: 28 bytes longer than `data`."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher(purpose).encrypt(nonce, data, purpose.encode())

    def open(self, purpose: str, sealed: bytes) -> bytes:
        """What was sealed.

        Raises:
            SealBroken: another secret, another purpose, or changed bytes.
        """
        nonce, encrypted = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._cipher(purpose).decrypt(nonce, encrypted, purpose.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"the sealed {purpose} cannot be opened with this secret") from error

    def _cipher(self, purpose: str) -> AESGCM:
        cipher = self._ciphers.get(purpose)
        if cipher is None:
            derivation = HKDF(
                algorithm=SHA256(), length=32, salt=_SALT, info=f"seal:{purpose}".encode()
            )
            cipher = self._ciphers[purpose] = AESGCM(derivation.derive(self._secret))
        return cipher
