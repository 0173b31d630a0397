"""The statement about a marked copy: which licence's mark it carries, and of which file it is.

A marked copy has another hash than the file that the licence names. This says so, signed, so that
nobody has to take either for the other.
"""

from typing import Final, Literal

import msgspec

from souk_client.proofs.canonical import (
    canonical_json,
    decode_base64url,
    encode_base64url,
    read_canonical,
)
from souk_client.proofs.entries import Moment
from souk_client.proofs.errors import ProofError
from souk_client.proofs.keys import LICENCE, KeySet, SigningKey

MARK_SUFFIX: Final = ".mark.jws"
"""What the name of a statement ends with, beside its file."""
_TYPE: Final = "souk-marked-copy+jws"


class MarkedCopyFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the statement says."""

    issuer: str
    licence_id: str
    path: str
    source_sha256: str
    """Of the file as it was published."""
    sha256: str
    """Of the copy with the mark in it."""
    issued_at: Moment


def sign_marked_copy(facts: MarkedCopyFacts, key: SigningKey) -> str:
    """The statement's text: a compact JWS (RFC 7515) with EdDSA."""
    header = _Header(alg="EdDSA", kid=key.public.kid, typ=_TYPE)
    signed = f"{encode_base64url(canonical_json(header))}.{encode_base64url(canonical_json(facts))}"
    return f"{signed}.{encode_base64url(key.sign(signed.encode()))}"


def verify_marked_copy(text: str, trusted: KeySet) -> MarkedCopyFacts:
    """What a statement says that a trusted licence key signed.

    Raises:
        ProofError: another marketplace, an unknown key, a wrong signature, or no statement.
    """
    parts = text.strip().split(".")
    if len(parts) != 3 or not text.isascii():
        raise ProofError("The statement is not a compact JWS.")
    header = read_canonical(
        decode_base64url(parts[0], what="The header"), _Header, what="The header"
    )
    facts = read_canonical(
        decode_base64url(parts[1], what="The payload"), MarkedCopyFacts, what="The payload"
    )
    if facts.issuer != trusted.origin:
        raise ProofError(f"The statement is by {facts.issuer}, not by {trusted.origin}.")
    key = trusted.find(header.kid, purpose=LICENCE)
    signature = decode_base64url(parts[2], what="The signature")
    key.verify(signature, f"{parts[0]}.{parts[1]}".encode())
    return facts


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    alg: Literal["EdDSA"]
    kid: str
    typ: Literal["souk-marked-copy+jws"]
