"""Who may listen to what: decided in one place, deny by default."""

from collections.abc import Collection, Sequence
from typing import Final, Protocol

from souk.infra.live.api import ADMIN, CHANNEL
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Malformed, NotFound
from souk.kernel.ids import is_id

PREFIXES: Final = {"listing": "lst", "user": "usr", "organisation": "org"}
"""What a channel is about, and how the ids of it begin."""


class ListingDoor(Protocol):
    """Owned by live messages, fulfilled by the listings: which of them a caller may see."""

    async def visible(self, uow: UnitOfWork, listing_ids: Collection[str]) -> Collection[str]:
        """Those of these ids that this scope may see."""
        ...


def parse_channels(text: str, *, limit: int) -> list[str]:
    """The channels of a comma-separated list.

    Raises:
        Malformed: `channel_invalid`.
    """
    channels = [part.strip() for part in text.split(",") if part.strip()]
    if not channels or len(channels) > limit:
        raise Malformed("channel_invalid", f"Name 1 to {limit} channels, with commas between them.")
    for channel in channels:
        word, _, name = channel.partition(":")
        known = channel == ADMIN or (word in PREFIXES and is_id(name, PREFIXES[word]))
        if not known or not CHANNEL.fullmatch(channel):
            raise Malformed(
                "channel_invalid",
                f"{channel[:80]!r} is no channel; there are `listing:{{id}}`, `user:{{id}}`, "
                "`organisation:{id}` and `admin`.",
            )
    return list(dict.fromkeys(channels))


async def check_channels(
    uow: UnitOfWork, actor: Actor, channels: Sequence[str], *, listings: ListingDoor
) -> None:
    """Lets pass who may listen to all of these; `uow` is in the caller's scope.

    Raises:
        Unauthenticated: `sign_in_needed`.
        NotFound: `channel_unknown`, also when the channel is not for this caller.
    """
    wanted: list[str] = []
    for channel in channels:
        word, _, name = channel.partition(":")
        if word == "listing":
            wanted.append(name)
            continue
        actor.require_user()
        if not _is_theirs(actor, word, name):
            raise _unknown(channel)
    visible = set(await listings.visible(uow, wanted)) if wanted else set()
    for name in wanted:
        if name not in visible:
            raise _unknown(f"listing:{name}")


def _is_theirs(actor: Actor, word: str, name: str) -> bool:
    match word:
        case "user":
            return name == actor.user_id
        case "organisation":
            return actor.belongs_to(name) or actor.is_admin
        case "admin":
            return actor.is_admin
        case _:
            return False


def _unknown(channel: str) -> NotFound:
    return NotFound("channel_unknown", f"There is no channel {channel!r} for you.")
