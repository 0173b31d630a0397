"""Rules of access: the shape of secrets, and the permissions behind the roles."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Final

import msgspec

from souk.kernel.errors import Unauthenticated
from souk.kernel.ids import is_id

PERMISSIONS: Final = {
    "buyer": ("marketplace:buy", "marketplace:review"),
    "seller": ("marketplace:create_resource", "marketplace:manage_resource", "marketplace:payout"),
    "admin": ("marketplace:moderate", "marketplace:administer", "marketplace:feature"),
}
"""What each role may do, by name."""

DEFAULT_ROLES: Final = ("buyer", "seller")
SECRET_BYTES: Final = 32


class SplitSecret(msgspec.Struct, frozen=True):
    """A credential taken apart: which row it names, and the secret that proves it."""

    row_id: str
    secret: str


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """The named permissions of some roles."""
    return frozenset(name for role in roles for name in PERMISSIONS.get(role, ()))


def new_secret() -> str:
    """256 random bits as 64 hex digits."""
    return secrets.token_hex(SECRET_BYTES)


def digest(secret: str) -> bytes:
    """What is stored of a secret of 256 random bits, which needs no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


def matches(secret: str, stored: bytes | None) -> bool:
    """Whether this secret is the stored one, in constant time."""
    return stored is not None and hmac.compare_digest(digest(secret), stored)


def compose(word: str, row_id: str, secret: str) -> str:
    """`vk_<key id>_<secret>` for an API key, `srt_…` for a refresh token, `sps_…` for a page."""
    return f"{word}_{row_id[4:]}_{secret}"


def take_apart(text: str, *, word: str, prefix: str) -> SplitSecret:
    """The parts of a credential.

    Raises:
        Unauthenticated: `credential_malformed`.
    """
    parts = text.split("_")
    if len(parts) == 3 and parts[0] == word and len(parts[2]) == 2 * SECRET_BYTES:
        row_id = f"{prefix}_{parts[1]}"
        if is_id(row_id, prefix) and parts[2].isalnum():
            return SplitSecret(row_id, parts[2])
    raise Unauthenticated("credential_malformed", "This is not a credential of this marketplace.")
