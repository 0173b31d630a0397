"""What follows from a certificate's facts: pure, no I/O."""

import base64
import re
import secrets
from datetime import datetime
from typing import Final

from souk_client.contracts.certificates import CertificateState

CODE_BYTES: Final = 16
_CODE: Final = re.compile("[a-z2-7]{26}")


def new_code() -> str:
    """A code that nobody can guess: 128 random bits in base 32 (RFC 4648), small letters."""
    return base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode().rstrip("=").lower()


def is_code(text: str) -> bool:
    """Whether this could be a code."""
    return _CODE.fullmatch(text) is not None


def check_address(base_url: str, code: str) -> str:
    """Where the public checks a certificate."""
    return f"{base_url.rstrip('/')}/certificates/{code}"


def state_of(
    *,
    now: datetime,
    valid_until: datetime | None,
    uses_left: int | None,
    revoked_at: datetime | None,
    passed_on: bool,
) -> tuple[CertificateState, str | None]:
    """The state at a moment, and why it is not valid.

    A revocation outweighs all else; a licence that somebody else holds now certifies nothing.
    """
    if revoked_at is not None:
        return "revoked", "The licence was revoked, or its sale was undone."
    if passed_on:
        return "revoked", "The licence was passed on to somebody else."
    if valid_until is not None and now >= valid_until:
        return "expired", "The licence's time is over."
    if uses_left == 0:
        return "expired", "All uses of the licence are taken."
    return "valid", None
