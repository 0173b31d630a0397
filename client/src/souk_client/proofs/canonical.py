"""One byte string for one value: canonical JSON (RFC 8785) and the encodings beside it."""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

import msgspec
import rfc8785

from souk_client.proofs.errors import ProofError

T = TypeVar("T")


def canonical_json(value: object) -> bytes:
    """The RFC 8785 form of a msgspec Struct or of plain JSON data.

    Raises:
        ProofError: it holds something JSON cannot (NaN, an integer past 2^53 - 1, lone surrogates).
    """
    try:
        return rfc8785.dumps(msgspec.to_builtins(value))
    except (rfc8785.CanonicalizationError, TypeError) as error:
        raise ProofError(f"Not representable as canonical JSON: {error}.") from error


def read_canonical(data: bytes, type_: type[T], *, what: str) -> T:
    """Decodes canonical JSON strictly: the bytes must be exactly what encoding gives back.

    Raises:
        ProofError: they are not; the message begins with `what`.
    """
    try:
        value = msgspec.json.decode(data, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProofError(f"{what} cannot be read: {error}.") from error
    if canonical_json(value) != data:
        raise ProofError(f"{what} is not in canonical form, so it was changed after it was made.")
    return value


def encode_base64url(data: bytes) -> str:
    """URL-safe base 64 without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode_base64url(text: str, *, what: str) -> bytes:
    """The bytes of unpadded URL-safe base 64; spare bits must be zero.

    Raises:
        ProofError: another alphabet, padding or spare bits; the message begins with `what`.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProofError(f"{what} is not base64url.") from error
    if encode_base64url(data) != text:
        raise ProofError(f"{what} is not base64url in its only form.")
    return data


def decode_base64(text: str, *, what: str) -> bytes:
    """The bytes of standard padded base 64; spare bits must be zero.

    Raises:
        ProofError: anything else; the message begins with `what`.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProofError(f"{what} is not base64.") from error
    if base64.b64encode(data).decode() != text:
        raise ProofError(f"{what} is not base64 in its only form.")
    return data


def hex_of(hashes: Sequence[bytes]) -> tuple[str, ...]:
    """Each hash as 64 lowercase hexadecimal digits."""
    return tuple(digest.hex() for digest in hashes)
