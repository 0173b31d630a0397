"""The load generator's connection speaks HTTP/1.1 exactly."""

import pytest
from bench._harness import Connection, Request

from tests.bench.server import TinyServer, tiny_server


async def test_sends_the_method_headers_and_body_it_was_given() -> None:
    server = TinyServer()
    async with tiny_server(server) as target:
        connection = Connection(target)
        request = Request(
            "/orders?q=a%20b", method="POST", headers={"Idempotency-Key": "k1"}, body=b'{"a":1}'
        )
        answer = await connection.send(request)
        connection.close()
    assert (answer.status, answer.body) == (200, b"ok")
    (seen,) = server.seen
    assert (seen.method, seen.path, seen.body) == ("POST", "/orders?q=a%20b", b'{"a":1}')
    assert seen.headers["Idempotency-Key"] == "k1"
    assert seen.headers["Host"] == f"127.0.0.1:{target.port}"


@pytest.mark.parametrize(
    ("reply", "status", "body"),
    [
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"3\r\nabc\r\nA;x=1\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n",
            200,
            b"abc0123456789",
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\nnone", 404, b"none"),
    ],
)
async def test_reads_every_form_of_body_and_keeps_the_connection(
    reply: bytes, status: int, body: bytes
) -> None:
    server = TinyServer(reply=reply)
    async with tiny_server(server) as target:
        connection = Connection(target)
        for _ in range(3):
            answer = await connection.send(Request("/"))
            assert (answer.status, answer.body) == (status, body)
        connection.close()
    assert server.connections == 1


async def test_opens_another_connection_after_the_server_closed_one() -> None:
    reply = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n1"
    server = TinyServer(reply=reply, closes_after=1)
    async with tiny_server(server) as target:
        connection = Connection(target)
        for _ in range(3):
            assert (await connection.send(Request("/"))).body == b"1"
        connection.close()
    assert server.connections == 3


@pytest.mark.parametrize("reply", [b"SMTP ready\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Le"])
async def test_nonsense_and_cut_off_answers_are_connection_errors(reply: bytes) -> None:
    async with tiny_server(TinyServer(reply=reply, closes_after=1)) as target:
        connection = Connection(target)
        with pytest.raises(ConnectionError):
            await connection.send(Request("/"))
        connection.close()
