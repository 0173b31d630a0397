"""Passwords: argon2id, off the event loop, a few at a time."""

import asyncio
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from souk.kernel.errors import Invalid

T = TypeVar("T")

MIN_LENGTH: Final = 10
AT_ONCE: Final = 2
"""Each takes 64 MiB and a core for some 40 ms: more at once would only starve the rest."""


class Passwords:
    """Hashes and verifies. Parameters are argon2-cffi's (RFC 9106, low-memory profile)."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._nobody = ""

    async def hash(self, password: str, *, email: str, name: str) -> str:
        """The stored form of a new password.

        Raises:
            Invalid: `password_weak`, with the reason.
        """
        _check_strength(password, email=email, name=name)
        return await self._run(partial(self._hasher.hash, _normal(password)))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether this is the password. Takes as long for an account that does not exist (None)."""
        if stored is None and not self._nobody:
            self._nobody = await self._run(partial(self._hasher.hash, "nobody's password"))
        known = stored if stored is not None else self._nobody
        return await self._run(partial(self._verify, known, _normal(password))) and bool(stored)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        async with self._slots:
            return await asyncio.to_thread(work)


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _check_strength(password: str, *, email: str, name: str) -> None:
    """NIST SP 800-63B: length, and nothing that repeats the account; no rules of composition."""
    lowered = password.lower()
    if len(password) < MIN_LENGTH:
        raise Invalid("password_weak", f"Use at least {MIN_LENGTH} characters.")
    if len(set(lowered)) < 5:
        raise Invalid("password_weak", "Use at least five different characters.")
    mailbox = email.partition("@")[0].lower()
    if lowered in (email.lower(), name.lower()) or (len(mailbox) > 5 and lowered == mailbox):
        raise Invalid("password_weak", "Do not use your name or e-mail address as the password.")
