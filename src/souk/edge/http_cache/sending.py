"""Sending an answer of a site, and counting what was sent."""

import asyncio
import time
from collections.abc import AsyncIterator

from souk.edge.answers import Headers
from souk.edge.asgi import Incoming, Outgoing, Watch
from souk.edge.disk import Damaged
from souk.edge.serving import CutOff
from souk.edge.upstream import UpstreamFailed


class Sending:
    """The answer to one request, and what is counted of it."""

    def __init__(self, request: Incoming, answer: Outgoing, *, send_s: float) -> None:
        self._request = request
        self._answer = answer
        self._send_s = send_s
        self._started = time.perf_counter()
        self._first: float | None = None
        self.begun = False
        self.sent = 0
        self.hit_bytes = 0

    async def whole(self, status: int, head: Headers, body: bytes, *, hit: bool = False) -> None:
        """An answer in one piece."""
        self._begin()
        self.sent += len(body)
        self.hit_bytes += len(body) if hit else 0
        await self._answer.whole(status, head, body)

    async def stream(
        self, status: int, head: Headers, pieces: AsyncIterator[bytes], *, hit: bool = False
    ) -> None:
        """An answer as it comes.

        Raises:
            CutOff: it breaks off, or the client reads too slowly or has gone.
        """
        first = await anext(pieces, b"")
        self._begin()
        watch = Watch(self._request)
        try:
            await self._answer.begin(status, head)
            piece: bytes | None = first
            while piece is not None:
                async with asyncio.timeout(self._send_s):
                    await self._answer.more(piece)
                self.sent += len(piece)
                self.hit_bytes += len(piece) if hit else 0
                if watch.gone:
                    raise CutOff("the client has gone")
                piece = await anext(pieces, None)
            await self._answer.end()
        except TimeoutError as error:
            raise CutOff("the client reads too slowly") from error
        except (UpstreamFailed, Damaged) as error:
            raise CutOff(str(error)) from error
        finally:
            await watch.end()

    def first_byte_s(self) -> float:
        """How long it took until the answer began."""
        return time.perf_counter() - self._started if self._first is None else self._first

    def _begin(self) -> None:
        self.begun = True
        self._first = time.perf_counter() - self._started
