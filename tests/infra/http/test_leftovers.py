"""Bodies that nobody reads: the next request of the connection is answered, or told to go."""

import asyncio
import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from souk.infra.http.leftovers import MOST_BYTES, RequestBody


@pytest.fixture
def line(base_url: str) -> Iterator[http.client.HTTPConnection]:
    """One connection, which is not made anew behind the test's back."""
    place = urlsplit(base_url)
    assert place.hostname is not None
    opened = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    opened.auto_open = 0
    opened.connect()
    yield opened
    opened.close()


def ask(line: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None) -> str:
    """Sends a request; the answer's `connection`."""
    line.request(method, path, body=body)
    answer = line.getresponse()
    answer.read()
    assert answer.status < 500
    return answer.headers.get("connection", "keep-alive")


@pytest.mark.parametrize("path", ["/api/v1/nowhere", "/api/v1/uploads/x/parts/1", "/api/v1/me"])
def test_a_body_that_nobody_wants_does_not_end_the_connection(
    line: http.client.HTTPConnection, path: str
) -> None:
    for size in (1, 1_000, MOST_BYTES // 8):
        assert ask(line, "PUT", path, bytes(size)) == "keep-alive"
        assert ask(line, "GET", "/health/live") == "keep-alive"


class Arriving:
    """A body that comes in messages of a mebibyte; None never ends."""

    def __init__(self, messages: int | None) -> None:
        self._left = messages
        self.taken = 0

    async def __call__(self) -> Any:
        self.taken += 1
        if self._left is None or self.taken <= self._left:
            more = self._left is None or self.taken < self._left
            return {"type": "http.request", "body": bytes(2**20), "more_body": more}
        return await asyncio.Event().wait()


def body_of(receive: Any, **scope: Any) -> RequestBody:
    headers = [(b"content-length", b"9")]
    return RequestBody({"http_version": "1.1", "headers": headers, **scope}, receive)


async def test_so_much_is_read_and_no_more() -> None:
    short, endless = Arriving(3), Arriving(None)
    assert await body_of(short).is_read()
    assert not await body_of(endless).is_read()
    assert (short.taken, endless.taken) == (3, MOST_BYTES // 2**20)


async def test_what_is_read_or_not_there_is_not_waited_for() -> None:
    read = Arriving(1)
    body = body_of(read)
    await body.receive()
    for one in (
        body,
        body_of(Arriving(0), headers=[]),
        body_of(Arriving(0), headers=[(b"content-length", b"0")]),
        body_of(Arriving(0), http_version="2"),
    ):
        assert await one.is_read()


def test_bodies_that_are_read_cost_nothing(line: http.client.HTTPConnection) -> None:
    for _ in range(2):
        assert ask(line, "POST", "/api/v1/auth/login", b'{"email": 1}') == "keep-alive"
    assert ask(line, "GET", "/health/live") == "keep-alive"
