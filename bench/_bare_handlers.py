"""The peer of small files: Granian with a handler that returns the same bytes, and nothing else."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_SERVER: Final = """
import asyncio, sys, uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
BODY = b"x" * int(sys.argv[2])
HEAD = [(b"content-type", b"application/octet-stream"),
        (b"content-length", str(len(BODY)).encode())]
async def answer(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": HEAD})
    await send({"type": "http.response.body", "body": BODY, "more_body": False})
async def serve():
    await Server(answer, address="127.0.0.1", port=int(sys.argv[1]), interface=Interfaces.ASGINL,
                 http=HTTPModes.http1, websockets=False, log_enabled=False).serve()
uvloop.run(serve())
"""
_READY_S: Final = 20.0


@contextmanager
def bare_handler(size_bytes: int) -> Iterator[int]:
    """Runs the peer on a free port until the end of the block; answers the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen([sys.executable, "-c", _SERVER, str(port), str(size_bytes)])
    try:
        deadline = time.monotonic() + _READY_S
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError("the bare handler did not start")
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)
