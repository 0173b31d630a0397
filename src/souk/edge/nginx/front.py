"""What the node tells nginx: which answers it may keep, and which files it may send itself."""

import asyncio
import os
import re
import secrets
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec

from souk.edge.answers import Headers, Refused
from souk.edge.asgi import Incoming, Outgoing
from souk.edge.clock import HomeClock
from souk.edge.filling import Filler
from souk.edge.labels import Labels
from souk.edge.nginx.config import KEY_HEADER, SLICES, Places
from souk.edge.nginx.tier import drop, slice_keys
from souk.edge.protocol import Command
from souk.edge.ranges import Part, wanted_parts
from souk.edge.slices import SLICE_BYTES
from souk.edge.store import HOT_BYTES
from souk.edge.tickets import EdgeTicket, TicketReader, TicketRefused
from souk.edge.upstream import Asked, UpstreamFailed, source_of
from souk.infra.waiting import end_tasks

SMALL_S: Final = 1
"""How long nginx may give a small answer again without asking; it counts whole seconds, so up to
a second more."""
_REMEMBERED_S: Final = 3.0
_AGAIN_S: Final = (0.1, 1.0, 2.5)
"""When a drop is done again: an answer that was on its way to nginx is stored after the first."""
_KEPT_S: Final = 30 * 86_400
_MAX_FILES: Final = 100_000
_ROOM_BYTES: Final = 64 * 2**20
_GRACE_S: Final = 3600
_PLAIN_RANGE: Final = re.compile(r"bytes=(\d{1,18}-\d{0,18}|-\d{1,18})", re.ASCII)
_ODD: Final = frozenset({b"if-modified-since", b"if-unmodified-since"})
"""nginx takes these for what it can answer by itself; files have no date here."""


class _Small(msgspec.Struct, frozen=True):
    until_s: float
    key: str
    licence_id: str
    sha256: str


class _File(msgspec.Struct, frozen=True):
    number: str
    size_bytes: int


class Front:
    """Knows what nginx may hold, and takes it back."""

    def __init__(
        self,
        places: Places,
        *,
        filler: Filler,
        reader: TicketReader,
        labels: Labels,
        clock: HomeClock,
    ) -> None:
        self._places = places
        self._filler = filler
        self._reader = reader
        self._labels = labels
        self._clock = clock
        self._small: deque[_Small] = deque()
        self._files: OrderedDict[str, _File] = OrderedDict()
        self._ended: set[str] = set()
        self._again: set[asyncio.Task[None]] = set()
        self.secret = secrets.token_hex(32)
        """nginx proves with it that it is nginx."""

    def counted(self, ticket: EdgeTicket, *, hit: int) -> Headers:
        """Headers with which nginx writes an answer to the seller's account."""
        return [("souk-count", ticket.organisation_id), ("souk-hit", str(hit))]

    def may_keep(self, request: Incoming, ticket: EdgeTicket) -> Headers:
        """Headers with which nginx keeps a small answer for a moment, for this address alone."""
        key = request.header(KEY_HEADER)
        now_s = self._clock.now_s()
        if key is None or ticket.expires_at < now_s + _REMEMBERED_S:
            return []
        self._forget_old(now_s)
        self._small.append(_Small(now_s + _REMEMBERED_S, key, ticket.licence_id, ticket.sha256))
        return [("x-accel-expires", str(SMALL_S))]

    def hands_over(self, request: Incoming, asked: Asked, parts: Sequence[Part] | None) -> bool:
        """Whether nginx can send this answer as the node would."""
        if asked.ticket.size_bytes <= HOT_BYTES or asked.hops or request.has_any(_ODD):
            return False
        wanted = request.header("range")
        if wanted is None:
            return parts is None
        plain = _PLAIN_RANGE.fullmatch(wanted) is not None
        return parts is not None and len(parts) == 1 and plain

    def over(self, asked: Asked, *, said: str, had: int) -> Headers:
        """The answer that hands a file over to nginx.

        Args:
            said: what the node has of it: `hit`, `partial` or `miss`.
            had: how many bytes of the answer are here.
        """
        ticket = asked.ticket
        name = quote(quote(ticket.filename, safe=""))  # nginx takes one of them off
        number, seller = self._number_of(ticket), ticket.organisation_id
        facts = (number, ticket.sha256, said, str(had), seller, name)
        return [
            ("x-accel-redirect", f"{SLICES}{'/'.join(facts)}/{asked.text}"),
            ("content-type", ticket.media_type),
            ("content-length", "0"),
        ]

    async def slice(self, request: Incoming, answer: Outgoing) -> None:
        """Answers nginx, which asks for one slice of a file.

        Raises:
            Refused: the licence has ended, or the bytes cannot be had.
        """
        request.is_ours()
        number, sha256, *_, text = request.path.removeprefix(SLICES).split("/")
        try:
            ticket = self._reader.read(text, now_s=self._clock.now_s(), grace_s=_GRACE_S)
        except TicketRefused as error:
            raise Refused(error.status, error.code, error.detail) from error
        if ticket.sha256 != sha256 or ticket.licence_id in self._ended:
            raise Refused(403, "licence_not_good", "The licence of this address has ended.")
        start = int((request.header("range") or "").removeprefix("bytes=").partition("-")[0])
        content = await self._slice(request, Asked(ticket=ticket, text=text, hops=0), start)
        size = ticket.size_bytes
        current = self._files.get(sha256)
        keep = current is not None and current.number == number and self._has_room()
        head = [
            ("content-length", str(len(content))),
            ("content-range", f"bytes {start}-{start + len(content) - 1}/{size}"),
            ("etag", f'"{sha256}"'),
            ("x-accel-expires", str(_KEPT_S if keep else 0)),
        ]
        await answer.begin(206, head)
        await answer.more(content)
        await answer.end()

    def ended(self, licence_id: str) -> None:
        """Nothing is served under this licence any more."""
        if licence_id in self._ended:
            return
        self._ended.add(licence_id)
        self._drop_small([one.key for one in self._small if one.licence_id == licence_id])

    async def forget(self, command: Command) -> None:
        """Takes back from nginx what a purge names."""
        present = [*self._files, *(one.sha256 for one in self._small)]
        gone: Iterable[str] = ()
        if command.kind == "artifact":
            gone = [command.value]
        elif command.kind == "tag":
            gone = self._labels.tagged(command.value, present)
        elif command.kind == "prefix":
            gone = self._labels.below(command.value, present)
        elif command.kind == "all":
            gone = present
        await self._take_back(set(gone))

    async def close(self) -> None:
        """Ends what is still to be dropped."""
        await end_tasks(tuple(self._again))

    async def _take_back(self, files: set[str]) -> None:
        keys: list[str] = []
        for sha256 in files:
            known = self._files.pop(sha256, None)
            if known is not None:
                keys += slice_keys(known.number, sha256, known.size_bytes)
        self._drop_small([one.key for one in self._small if one.sha256 in files])
        if keys:
            await asyncio.to_thread(drop, self._places.slices, keys)
            self._later(self._places.slices, keys)

    def _drop_small(self, keys: list[str]) -> None:
        if keys:
            drop(self._places.small, keys)
            self._later(self._places.small, keys)

    def _later(self, folder: Path, keys: list[str]) -> None:
        task = asyncio.create_task(_drop_again(folder, keys))
        self._again.add(task)
        task.add_done_callback(self._again.discard)

    async def _slice(self, request: Incoming, asked: Asked, start: int) -> bytes:
        parts = wanted_parts(request.header("souk-range"), asked.ticket.size_bytes)
        end = parts[0].end if parts else asked.ticket.size_bytes
        number = start // SLICE_BYTES
        if number >= source_of(asked.ticket).slice_count:
            raise Refused(416, "range_not_satisfiable", "The file ends before this slice.")
        try:
            until = max(number + 1, -(-end // SLICE_BYTES))
            piece = await self._filler.slice(asked, number, until=until)
        except UpstreamFailed as error:
            if error.status in {401, 403, 404, 410}:
                raise Refused(
                    403, "licence_not_good", "The marketplace does not give these bytes."
                ) from error
            raise Refused(
                502, "origin_failed", "The bytes cannot be had now; try again.", retry_after_s=1
            ) from error
        return piece.content

    def _number_of(self, ticket: EdgeTicket) -> str:
        known = self._files.get(ticket.sha256)
        if known is None:
            known = _File(secrets.token_hex(6), ticket.size_bytes)
            self._files[ticket.sha256] = known
            if len(self._files) > _MAX_FILES:
                sha256, old = self._files.popitem(last=False)
                self._later(
                    self._places.slices, list(slice_keys(old.number, sha256, old.size_bytes))
                )
        else:
            self._files.move_to_end(ticket.sha256)
        return known.number

    def _forget_old(self, now_s: float) -> None:
        while self._small and self._small[0].until_s < now_s:
            self._small.popleft()

    def _has_room(self) -> bool:
        """Without room nginx would break off the answer that it cannot keep."""
        with suppress(OSError):
            room = os.statvfs(self._places.slices)
            return room.f_bavail * room.f_frsize > _ROOM_BYTES
        return False


async def _drop_again(folder: Path, keys: list[str]) -> None:
    waited_s = 0.0
    for at_s in _AGAIN_S:
        await asyncio.sleep(at_s - waited_s)
        waited_s = at_s
        await asyncio.to_thread(drop, folder, keys)
