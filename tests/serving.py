"""A whole marketplace as real processes (HTTP and worker) on a test database."""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

import httpx

SECRET = "5a" * 32
READY_LIMIT_S = 90.0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@cache
def _shared_models() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="souk-tests-models-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class Marketplace:
    """The processes that `souk up` would run, on a database and a folder of the test's own."""

    def __init__(self, owner_dsn: str, data_dir: Path, **environ: str) -> None:
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.data_dir = data_dir
        self.owner_dsn = owner_dsn
        self._environ = {
            **os.environ,
            "SOUK_DATABASE_URL": owner_dsn,
            "SOUK_SECRET": SECRET,
            "SOUK_DATA_DIR": str(data_dir),
            "SOUK_PORT": str(self.port),
            "SOUK_WORKERS": "1",
            "SOUK_RATE_PER_MINUTE": "1000000",
            "SOUK_ACCESS_SIGN_IN_PER_MINUTE": "1000",
            **environ,
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._share_models()

    def _share_models(self) -> None:
        """Every marketplace of a test process uses one folder of models: building costs seconds."""
        models = self.data_dir / "models"
        if not models.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            models.symlink_to(_shared_models(), target_is_directory=True)

    def start(self, *names: str) -> None:
        """Starts `api` and `worker` (or those named) and waits until the marketplace is ready."""
        (self.data_dir / "log").mkdir(parents=True, exist_ok=True)
        for name in names or ("api", "worker"):
            log = (self.data_dir / "log" / f"{name}.log").open("ab")
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", f"souk.apps.{name}"],
                env=self._environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            log.close()
        if "api" in self.processes:
            self.await_ready()

    def await_ready(self) -> None:
        """Waits for /health/ready."""
        deadline = time.monotonic() + READY_LIMIT_S
        while True:
            try:
                if httpx.get(f"{self.base_url}/health/ready", timeout=10).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            died = [name for name, process in self.processes.items() if process.poll() is not None]
            if died or time.monotonic() > deadline:
                raise AssertionError(f"not ready; ended: {died}\n{self.logs()}")
            time.sleep(0.05)

    def kill(self, *names: str) -> None:
        """kill -9 of whole process groups, without any warning."""
        for name in names or tuple(self.processes):
            process = self.processes.pop(name)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def stop(self) -> None:
        """Asks every process to end, then makes sure."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.processes.clear()

    def logs(self) -> str:
        """The end of what the processes said."""
        return "\n".join(
            path.read_text(errors="replace")[-4000:]
            for path in sorted((self.data_dir / "log").glob("*.log"))
        )
