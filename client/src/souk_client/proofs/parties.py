"""Commitments: how the public log names a party without saying who it is.

The log holds `sha256:<64 hex>` in the place of a buyer's id; the licence file holds the salt that
opens it. Whoever has only the log cannot find the buyer by trying all organisations.
"""

import hashlib
import secrets
from typing import Annotated, Final

import msgspec

from souk_client.proofs.canonical import canonical_json

COMMITMENT_PREFIX: Final = "sha256:"
SALT_BYTES: Final = 32

Salt = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
"""32 random bytes as lowercase hexadecimal digits."""


def new_salt() -> str:
    """A fresh salt; one for each licence, so that two licences of a buyer do not look alike."""
    return secrets.token_hex(SALT_BYTES)


def commit_party(organisation_id: str, salt: str) -> str:
    """`sha256:` and SHA-256 over the canonical JSON of `{"organisation_id": …, "salt": …}`."""
    opened = canonical_json({"organisation_id": organisation_id, "salt": salt})
    return COMMITMENT_PREFIX + hashlib.sha256(opened).hexdigest()
