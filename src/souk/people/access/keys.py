"""The secrets of API keys: argon2id at rest.

A key's secret is 256 random bits, so the light parameters are enough: the hash only has to keep a
stolen table from being used, not to slow down the guessing of something guessable.
"""

import asyncio
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

_MEMORY_KIB: Final = 4096


class KeySecrets:
    """Hashes and verifies, in a thread."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=1, memory_cost=_MEMORY_KIB, parallelism=1)

    async def hash(self, secret: str) -> str:
        """The stored form."""
        return await asyncio.to_thread(self._hasher.hash, secret)

    async def verify(self, stored: str | None, secret: str) -> bool:
        """Whether this is the stored secret."""
        return stored is not None and await asyncio.to_thread(self._verify, stored, secret)

    def _verify(self, stored: str, secret: str) -> bool:
        try:
            return self._hasher.verify(stored, secret)
        except (VerifyMismatchError, InvalidHashError):
            return False
