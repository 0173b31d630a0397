"""A throw-away marketplace: the real `souk up` in a temporary folder on a free port."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

READY_LIMIT_S: Final = 120.0
STOP_LIMIT_S: Final = 30.0
LAST_WORDS_BYTES: Final = 4000


class MarketplaceFailed(RuntimeError):
    """It did not start; the message ends with its last words."""


@dataclass(frozen=True, slots=True)
class ThrowAwayMarketplace:
    """A running marketplace that is gone afterwards."""

    base_url: str
    port: int
    data_dir: Path

    def last_words(self) -> str:
        """The end of the server's log: why something failed."""
        log = self.data_dir / "log" / "server.log"
        return log.read_bytes()[-LAST_WORDS_BYTES:].decode(errors="replace")


@contextmanager
def throw_away_marketplace(
    *, port: int | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[ThrowAwayMarketplace]:
    """Starts an empty marketplace, and afterwards stops it and removes every file it made.

    Args:
        port: where it listens; a free one when left out.
        environment: settings (`SOUK_…`) on top; those of this process do not apply.

    Raises:
        MarketplaceFailed: it did not get ready.
    """
    folder = Path(tempfile.mkdtemp(prefix="souk-throw-away-"))
    chosen = port or _free_port()
    process: subprocess.Popen[bytes] | None = None
    try:
        log = folder / "up.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "souk.apps.cli", "up", "--no-catalogue", "--with-parent"],
                env=_environment(folder / "data", chosen, environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _wait_until_ready(process, chosen, log)
        yield ThrowAwayMarketplace(f"http://127.0.0.1:{chosen}", chosen, folder / "data")
    finally:
        if process is not None:
            _stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def _environment(data_dir: Path, port: int, extra: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SOUK_")}
    return inherited | {"SOUK_DATA_DIR": str(data_dir), "SOUK_PORT": str(port)} | dict(extra)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_LIMIT_S
    while not _is_ready(port):
        if process.poll() is not None or time.monotonic() > deadline:
            words = log.read_bytes()[-LAST_WORDS_BYTES:].decode(errors="replace")
            raise MarketplaceFailed(f"The marketplace did not get ready. Its last words:\n{words}")
        time.sleep(0.1)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        # Its children are told to end when it dies.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
