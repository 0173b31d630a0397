"""`souk up` as an operator runs it, for tests that kill it, stop it and start it again."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from souk.apps.up.leftovers import MARK, mark_of

SOUK = Path(sys.executable).with_name("souk")


@dataclass
class Marketplace:
    """`souk up` as an operator runs it."""

    data_dir: Path
    port: int
    process: subprocess.Popen[str] | None = None
    database_url: str = ""

    def start(self) -> None:
        self.process = subprocess.Popen(
            [SOUK, "up", "--no-catalogue"],
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            said.append(line)
            if "Souk is ready" in line:
                return
        pytest.fail("it did not start: " + "".join(said))

    def run(self) -> subprocess.CompletedProcess[str]:
        """Runs it to its end, for starts that fail."""
        return subprocess.run(
            [SOUK, "up", "--no-catalogue"],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def environment(self) -> dict[str, str]:
        own = {
            "SOUK_DATA_DIR": str(self.data_dir),
            "SOUK_PORT": str(self.port),
            "SOUK_WORKERS": "1",
            "SOUK_DATABASE_URL": self.database_url,
        }
        return {**os.environ, **own}

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        self.process.communicate(timeout=60)
        return self.process.returncode

    def is_ready(self) -> bool:
        try:
            return self.request("GET", "/health/ready")[0] == 200
        except OSError:
            return False

    def request(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            headers = {"content-type": "application/json"}
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def register(self, name: str) -> bool:
        """Whether the marketplace acknowledged a new user."""
        body = {"email": f"{name}@example.org", "password": f"long enough {name}", "name": name}
        try:
            return self.request("POST", "/api/v1/auth/register", body)[0] == 201
        except (OSError, http.client.HTTPException):
            return False

    def knows(self, name: str) -> bool:
        body = {"email": f"{name}@example.org", "password": f"long enough {name}"}
        return self.request("POST", "/api/v1/auth/login", body)[0] in {200, 201}

    def processes(self) -> dict[int, str]:
        """Every process of the tree below the supervisor, PostgreSQL's too, with its command."""
        wanted = f"{MARK}={mark_of(self.data_dir)}".encode()
        cluster = self.data_dir / "postgres" / "cluster"
        found = {}
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                marked = wanted in (folder / "environ").read_bytes().split(b"\0")
                at_home = (folder / "cwd").readlink().is_relative_to(cluster)
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if marked or at_home:
                found[int(folder.name)] = command
        return found

    def souk(self, *arguments: str | Path) -> str:
        """What another command of the operator says."""
        result = subprocess.run(
            [SOUK, *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def pid_of(self, words: str) -> int:
        """The oldest process whose command has these words."""
        return min(pid for pid, command in self.processes().items() if words in command)


@contextmanager
def prepared(data_dir: Path) -> Iterator[Marketplace]:
    """A marketplace on a free port, not started yet; nothing of it runs afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    marketplace = Marketplace(data_dir, port)
    try:
        yield marketplace
    finally:
        process = marketplace.process
        if process is not None and process.poll() is None:
            process.terminate()
            process.communicate(timeout=60)
        for pid in marketplace.processes():
            os.kill(pid, signal.SIGKILL)
