"""The marketplace's signing keys: Ed25519, published as JWKs that name what each key is for."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from souk_client.proofs.canonical import canonical_json, decode_base64url, encode_base64url
from souk_client.proofs.errors import ProofError

LICENCE: Final = "licence"
"""The purpose of keys that sign licence files."""
LOG: Final = "log"
"""The purpose of keys that sign heads of the provenance log."""


class PublicKey(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=False
):
    """An Ed25519 public key as a JWK (RFC 8037) with one member of ours, `purpose`.

    `kid` is the RFC 7638 thumbprint of the key, so a changed key never keeps its name.
    """

    purpose: str
    kid: str
    x: str
    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    alg: Literal["EdDSA"] = "EdDSA"
    use: Literal["sig"] = "sig"

    @classmethod
    def of(cls, raw: bytes, *, purpose: str) -> "PublicKey":
        """The key of these 32 bytes."""
        return cls(purpose=purpose, kid=thumbprint(raw), x=encode_base64url(raw))

    def raw(self) -> bytes:
        """The 32 bytes of RFC 8032.

        Raises:
            ProofError: `x` is malformed, or `kid` is not the thumbprint of it.
        """
        data = decode_base64url(self.x, what=f"The key {self.kid}")
        if len(data) != 32 or self.kid != thumbprint(data):
            raise ProofError(f"The key id {self.kid} does not belong to its key.")
        return data

    def verify(self, signature: bytes, message: bytes) -> None:
        """Checks an Ed25519 signature.

        Raises:
            ProofError: it is not this key's signature of this message.
        """
        try:
            Ed25519PublicKey.from_public_bytes(self.raw()).verify(signature, message)
        except (InvalidSignature, ValueError) as error:
            raise ProofError(f"The signature by the key {self.kid} is wrong.") from error


class KeySet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A JWK Set with the name of the marketplace that it belongs to.

    `origin` is the name in its checkpoints and licences: a host name, with a path where one host
    carries several.
    """

    origin: str
    keys: tuple[PublicKey, ...]

    def find(self, kid: str, *, purpose: str) -> PublicKey:
        """The key of this id and purpose.

        Raises:
            ProofError: there is none.
        """
        for key in self.keys:
            if key.kid == kid and key.purpose == purpose:
                return key
        raise ProofError(f"The key {kid} is not a trusted {purpose} key of {self.origin}.")

    def with_purpose(self, purpose: str) -> tuple[PublicKey, ...]:
        """Every key of this purpose."""
        return tuple(key for key in self.keys if key.purpose == purpose)

    def merged(self, other: Iterable[PublicKey]) -> "KeySet":
        """This set with further keys; those already here stay as they are."""
        known = {key.kid for key in self.keys}
        fresh = tuple(key for key in other if key.kid not in known)
        return KeySet(origin=self.origin, keys=self.keys + fresh)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the public one that checks it."""

    private: Ed25519PrivateKey
    public: PublicKey

    @classmethod
    def from_seed(cls, seed: bytes, *, purpose: str) -> "SigningKey":
        """The key pair of a 32-byte seed (RFC 8032 section 5.1.5)."""
        private = Ed25519PrivateKey.from_private_bytes(seed)
        raw = private.public_key().public_bytes_raw()
        return cls(private=private, public=PublicKey.of(raw, purpose=purpose))

    @classmethod
    def generate(cls, *, purpose: str) -> "SigningKey":
        """A fresh key pair."""
        seed = Ed25519PrivateKey.generate().private_bytes_raw()
        return cls.from_seed(seed, purpose=purpose)

    def sign(self, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature of a message."""
        return self.private.sign(message)


def thumbprint(raw: bytes) -> str:
    """The RFC 7638 thumbprint of an Ed25519 public key (RFC 8037 appendix A.3)."""
    members = {"crv": "Ed25519", "kty": "OKP", "x": encode_base64url(raw)}
    return encode_base64url(hashlib.sha256(canonical_json(members)).digest())


def read_jwks(data: bytes, *, origin: str | None = None) -> KeySet:
    """The Ed25519 keys with a purpose in a published JWK Set; other keys in it are left out.

    Args:
        data: the JWK Set; a marketplace's own set has its `origin` as a further member.
        origin: whose keys they have to be; None takes the set's word for it.

    Raises:
        ProofError: it is no JWK Set, of another origin or none, or a key's id is no thumbprint.
    """
    try:
        published = msgspec.json.decode(data, type=_Jwks)
    except msgspec.DecodeError as error:
        raise ProofError(f"The key set cannot be read: {error}.") from error
    said = published.origin or origin
    if said is None or said != (origin or said):
        raise ProofError(f"The key set is of {said}; the keys of {origin} were asked for.")
    keys = tuple(
        PublicKey(purpose=str(jwk["purpose"]), kid=str(jwk.get("kid")), x=str(jwk.get("x")))
        for jwk in published.keys
        if jwk.get("kty") == "OKP" and jwk.get("crv") == "Ed25519" and "purpose" in jwk
    )
    for key in keys:
        key.raw()
    return KeySet(origin=said, keys=keys)


class _Jwks(msgspec.Struct, frozen=True):
    keys: list[dict[str, object]]
    origin: str | None = None
