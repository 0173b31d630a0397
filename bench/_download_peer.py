"""The peer of downloads: Litestar's own file response on Granian, with nothing around it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SERVER = """
import sys
from granian.constants import Interfaces, Loops
from granian.server import Server
Server("bench._download_peer:create_app", factory=True, interface=Interfaces.ASGI,
       address="127.0.0.1", port=int(sys.argv[1]), loop=Loops.uvloop).serve()
"""


def create_app() -> object:
    """Serves the file named by SOUK_BENCH_FILE."""
    from litestar import Litestar, get  # noqa: PLC0415  # only the peer's own process needs it
    from litestar.response import File  # noqa: PLC0415  # likewise

    @get("/weights.bin", media_type="application/octet-stream", sync_to_thread=False)
    def weights() -> File:
        return File(path=os.environ["SOUK_BENCH_FILE"], chunk_size=2**20)

    return Litestar(route_handlers=[weights], openapi_config=None)


@contextmanager
def bare_file_server(path: Path) -> Iterator[int]:
    """Runs the peer on a free port until the end of the block; answers the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(port)],
        env={**os.environ, "SOUK_BENCH_FILE": str(path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 20
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError("the bare file server did not start")
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)
