"""What home tells every node to do: forget content, and honour no ticket of an ended licence."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

import msgspec

from souk.edge.protocol import COMMANDS_KIND, COMMANDS_LIVE_S, Command, SignedCommands
from souk.edge.store import SliceStore
from souk.edge.tickets import MAX_LIFE_S, SKEW_S, TicketReader
from souk_client.proofs import ProofError
from souk_client.proofs.canonical import decode_base64url

_REVOKED_FOR_S: Final = MAX_LIFE_S + 2 * SKEW_S + 3600
"""Longer than a ticket lives, and than a node goes on fetching for one that has begun in time."""

_LOOK_AT_LEAST: Final = 1000


class CommandsRefused(Exception):
    """A message that is not home's, not for this node, or too old."""


class Forgets(Protocol):
    """Keeps something besides slices that a purge may be about."""

    async def forget(self, command: Command) -> None:
        """Drops what an `url`, `tag`, `prefix` or `all` means; other kinds mean nothing here."""
        ...


class Revocations:
    """Licences that have ended while tickets of theirs may still be about."""

    def __init__(self, *, heard: Callable[[str], None] = lambda _licence_id: None) -> None:
        self._heard = heard
        self._until: dict[str, float] = {}
        self._look_at = _LOOK_AT_LEAST

    def add(self, licence_id: str, *, now_s: float) -> None:
        """From now on nothing is served under it."""
        if licence_id not in self._until:
            self._heard(licence_id)
        self._until[licence_id] = now_s + _REVOKED_FOR_S
        if len(self._until) > self._look_at:
            self._until = {known: until for known, until in self._until.items() if until > now_s}
            self._look_at = 2 * len(self._until) + _LOOK_AT_LEAST

    def __contains__(self, licence_id: str) -> bool:
        return licence_id in self._until


class Commands:
    """Applies commands in their order, once each, and remembers how far it has come."""

    def __init__(
        self,
        store: SliceStore,
        revocations: Revocations,
        *,
        file: Path,
        others: Sequence[Forgets] = (),
        sites_changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._others = others
        self._sites_changed = sites_changed
        self._revocations = revocations
        self._file = file
        self._applying = asyncio.Lock()
        self.applied = 0

    def load(self) -> bool:
        """Takes up where the node was; False when it does not know."""
        with suppress(OSError, ValueError):
            self.applied = int(self._file.read_text())
            return True
        return False

    async def flush(self, newest: int) -> None:
        """Forgets all content: too much was missed to know what may stay."""
        async with self._applying:
            await self._do(Command(number=newest, kind="all", value=""))
            self.applied = newest
            await asyncio.to_thread(self._remember)

    def revoke(self, licence_ids: Sequence[str], *, now_s: float) -> None:
        """Nothing is served any more under these licences."""
        for licence_id in licence_ids:
            self._revocations.add(licence_id, now_s=now_s)

    async def apply(self, commands: Sequence[Command], *, after: int, now_s: float) -> int:
        """Does what is new of commands that follow number `after`; answers how far it has come.

        With a gap before them only revocations are done: the rest comes in its order.
        """
        async with self._applying:
            gap = after > self.applied
            for command in commands:
                if command.kind == "revoke":
                    self._revocations.add(command.value, now_s=now_s)
                if gap or command.number <= self.applied:
                    continue
                await self._do(command)
                self.applied = command.number
            if commands and not gap:
                await asyncio.to_thread(self._remember)
            return self.applied

    async def _do(self, command: Command) -> None:
        store = self._store
        files = store.files()
        if command.kind == "artifact":
            await store.purge([command.value])
        elif command.kind == "tag":
            await store.purge(store.labels.tagged(command.value, files))
        elif command.kind == "prefix":
            await store.purge(store.labels.below(command.value, files))
        elif command.kind == "all":
            await store.purge(files)
        elif command.kind == "sites":
            self._sites_changed()
        for other in self._others:
            await other.forget(command)

    def _remember(self) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(str(self.applied))
        fresh.replace(self._file)


def read_commands(
    body: bytes, signature: str, *, reader: TicketReader, node_id: str, now_s: float
) -> SignedCommands:
    """What home has pushed, once it is known to be home's, for this node, and of now.

    Raises:
        CommandsRefused: it is not.
    """
    key_id, _, signed = signature.partition(".")
    try:
        ours = reader.verify(
            key_id, decode_base64url(signed, what="signature"), COMMANDS_KIND + body
        )
        message = msgspec.json.decode(body, type=SignedCommands)
    except (ProofError, msgspec.MsgspecError, UnicodeError) as error:
        raise CommandsRefused("not readable") from error
    if not ours or message.node_id != node_id:
        raise CommandsRefused("not signed by the marketplace for this node")
    if abs(message.issued_at - now_s) > COMMANDS_LIVE_S:
        raise CommandsRefused("signed at another time")
    return message
