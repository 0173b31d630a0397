"""What a context says to whoever looks at something now: short messages over named channels."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork

CHANNEL: Final = re.compile(r"[a-z]{1,20}(:[a-z0-9_]{1,64})?")
KIND: Final = re.compile(r"[a-z][a-z0-9_.]{0,63}")
ADMIN: Final = "admin"
"""The channel of the marketplace's own state."""

Data = Mapping[str, Any]  # JSON; each kind has members of its own


class NewMessage(msgspec.Struct, frozen=True):
    """Something to be said on a channel.

    Args:
        channel: `listing:{id}`, `user:{id}`, `organisation:{id}` or `admin`.
        kind: what happened, in dotted words: `notice`, `listing.numbers`.
        data: a small JSON object; who reads it fetches what it needs, so ids are enough.
    """

    channel: str
    kind: str
    data: Data


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message with its place among all messages of the marketplace."""

    position: int
    channel: str
    kind: str
    data: dict[str, Any]  # as it was published
    placed_at: datetime


class Live(Protocol):
    """Says something to whoever listens, in every process, once the transaction has committed."""

    async def publish(self, uow: UnitOfWork, channel: str, kind: str, data: Data) -> None:
        """One message; nothing is said if the transaction rolls back."""
        ...

    async def publish_all(self, uow: UnitOfWork, messages: Sequence[NewMessage]) -> None:
        """Several messages in one statement, in this order."""
        ...


def listing(listing_id: str) -> str:
    """The channel of a listing."""
    return f"listing:{listing_id}"


def user(user_id: str) -> str:
    """The channel of a user."""
    return f"user:{user_id}"


def organisation(organisation_id: str) -> str:
    """The channel of an organisation's members."""
    return f"organisation:{organisation_id}"
