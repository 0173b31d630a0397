"""nginx's log, read as it grows: every answer counted once, byte for byte as it went out."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import structlog

from souk.edge.clock import HomeClock
from souk.edge.usage import Served, Usage

ROTATE_BYTES: Final = 64 * 2**20
_READ_BYTES: Final = 2**20
_LOOK_S: Final = 0.25
_SECONDS: Final = slice(0, len('{"at":1234567890'))
_AFTER_TIME: Final = slice(len('{"at":1234567890.123'), None)
_SENT: Final = frozenset({200, 206})

log = structlog.get_logger("souk.edge")


class LogLine(msgspec.Struct, frozen=True):
    """One answer as nginx writes it."""

    at: int
    """Unix seconds by this machine's clock, when it ended; the milliseconds are left out."""
    seller: str
    status: int
    sent: int
    """Bytes of the body that went out."""
    hit: str
    """How many bytes of the answer were here when it began."""
    began: str
    """Seconds to the first byte: of each question to the node, in nginx's own notation."""
    whole: str
    method: str


class AccessLog:
    """Reads the log to its end, again and again, and begins another before it grows too long."""

    def __init__(
        self,
        file: Path,
        usage: Usage,
        *,
        clock: HomeClock,
        reopen: Callable[[], None],
    ) -> None:
        self._file = file
        self._usage = usage
        self._clock = clock
        self._reopen = reopen
        self._at = 0
        self._held = b""
        self.unread_lines = 0
        """Lines that made no sense."""

    def begin(self) -> None:
        """Starts with an empty log: what an earlier process has not told home is lost."""
        for path in (self._file, self._old):
            path.unlink(missing_ok=True)

    async def run(self) -> None:
        """Reads until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_S)
            await self.read()

    async def read(self) -> None:
        """Counts what was written since."""
        while chunk := await asyncio.to_thread(self._more, self._file):
            self._take(chunk)
        if self._at > ROTATE_BYTES:
            await self._rotate()

    async def _rotate(self) -> None:
        await asyncio.to_thread(self._file.replace, self._old)
        self._reopen()
        while True:  # nginx writes to the old one until it has the new
            await asyncio.sleep(2 * _LOOK_S)
            if self._file.exists():
                break
        while chunk := await asyncio.to_thread(self._more, self._old):
            self._take(chunk)
        self._at = 0
        await asyncio.to_thread(self._old.unlink)

    @property
    def _old(self) -> Path:
        return self._file.with_suffix(".old")

    def _more(self, path: Path) -> bytes:
        with suppress(FileNotFoundError), path.open("rb") as file:
            file.seek(self._at)
            chunk = file.read(_READ_BYTES)
            self._at += len(chunk)
            return chunk
        return b""

    def _take(self, chunk: bytes) -> None:
        *lines, self._held = (self._held + chunk).split(b"\n")
        # Under load most lines differ by their milliseconds only: each kind is read once.
        kinds = Counter([text[_SECONDS] + text[_AFTER_TIME] for text in lines])
        for text, times in kinds.items():
            try:
                line = msgspec.json.decode(text, type=LogLine)
            except msgspec.DecodeError:
                self.unread_lines += times
                continue
            self._count(line, times)

    def _count(self, line: LogLine, times: int) -> None:
        cut = line.status in _SENT and line.whole != "OK"
        if cut:
            log.info("a download was cut off", problem="the client has gone, or reads too slowly")
        served = Served(
            organisation_id=line.seller,
            bytes_sent=line.sent if line.status in _SENT else 0,
            hit_bytes=min(line.sent, int(line.hit or 0)) if line.status in _SENT else 0,
            first_byte_s=first_byte_s(line.began),
            failed=cut or line.status >= 500,
        )
        self._usage.count(served, now_s=line.at + self._clock.offset_s, times=times)


def first_byte_s(began: str) -> float:
    """Seconds to the first byte, from nginx's `$upstream_header_time`.

    ` : ` stands between what was asked before and after a file was handed over, `, ` between what
    was asked for its slices, of which only the first was waited for; `-` is nobody was asked.
    """
    total = 0.0
    for group in began.split(" : "):
        first = group.partition(",")[0].strip()
        with suppress(ValueError):
            total += float(first)
    return total
