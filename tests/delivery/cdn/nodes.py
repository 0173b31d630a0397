"""Real edge nodes beside the tests' marketplace."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from souk.edge.protocol import LOCAL_JOIN
from souk.infra.keyring import Sealer
from tests.serving import SECRET, free_port

ENGINES = ("embedded", "nginx")
LIMIT_S = 90.0
LOCAL_TOKEN = Sealer(SECRET).derive(LOCAL_JOIN).hex()


def until(condition: Callable[[], bool], *, what: str = "it") -> None:
    """Waits for something that is sure to come."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen in time"
        time.sleep(0.02)


class Node:
    """`souk edge` as an operator runs it."""

    def __init__(
        self,
        home_url: str,
        folder: Path,
        region: str,
        *,
        token: str = LOCAL_TOKEN,
        engine: str = "embedded",
        **more: str,
    ) -> None:
        self.engine = engine
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.region = region
        self.folder = folder / region
        self.log = folder / f"{region}.log"
        self._environ = {
            **os.environ,
            "SOUK_EDGE_HOME_URL": home_url,
            "SOUK_EDGE_TOKEN": token,
            "SOUK_EDGE_PORT": str(self.port),
            "SOUK_EDGE_DATA_DIR": str(folder),
            "SOUK_EDGE_HEARTBEAT_S": "0.2",
            "SOUK_EDGE_FREE_BYTES_KEPT": "0",
            "SOUK_EDGE_ENGINE": engine,
            "SOUK_EDGE_NGINX_WORKERS": "1",
            **more,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Node":
        """Starts it and waits until it serves."""
        self.begin()
        until(self.is_ready, what=f"the node {self.region}: {self.said()}")
        return self

    def begin(self) -> None:
        """Starts it."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "souk.apps.cli", "edge", "--region", self.region],
                env=self._environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def is_ready(self) -> bool:
        """Whether it says that it serves."""
        assert self.process is not None
        assert self.process.poll() is None, self.said()
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def said(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""

    def kill(self) -> None:
        """kill -9, without any warning."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Asks it to end; its exit status."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        process, self.process = self.process, None
        if process is None:
            return 0
        process.send_signal(number)
        return process.wait(LIMIT_S)

    def slices(self) -> list[Path]:
        """The files of its slices."""
        found = (self.folder / "slices").glob("*/*")
        return sorted(path for path in found if path.suffix not in {".list", ".new"})
