"""The whole process tree: whatever is killed, the marketplace comes back with what it answered."""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from souk.apps.up.leftovers import MARK, mark_of
from souk.infra.postgres.embedded import EmbeddedPostgres

pytestmark = [pytest.mark.slow, pytest.mark.database, pytest.mark.timeout(400)]

SEED = 20
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

    def pid_of(self, words: str) -> int:
        """The oldest process whose command has these words."""
        return min(pid for pid, command in self.processes().items() if words in command)


@pytest.fixture
def marketplace(tmp_path: Path) -> Iterator[Marketplace]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    marketplace = Marketplace(tmp_path / "data", port)
    yield marketplace
    process = marketplace.process
    if process is not None and process.poll() is None:
        process.terminate()
        process.communicate(timeout=60)
    for pid in marketplace.processes():
        os.kill(pid, signal.SIGKILL)


def until(condition: Callable[[], bool], *, limit_s: float = 90.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def test_it_starts_stops_and_starts_again_leaving_no_process(marketplace: Marketplace) -> None:
    marketplace.start()
    assert marketplace.register("ada")
    assert len(marketplace.processes()) > 4
    assert marketplace.stop() == 0
    assert marketplace.processes() == {}
    started = time.monotonic()
    marketplace.start()
    assert time.monotonic() - started < 10
    assert marketplace.knows("ada")
    for private in ("secrets", "log", "postgres"):
        assert (marketplace.data_dir / private).stat().st_mode & 0o077 == 0


def test_it_comes_back_when_parts_of_it_are_killed(marketplace: Marketplace) -> None:
    marketplace.start()
    assert marketplace.register("before")
    for words in ("postgres -D", "souk.apps.api", "souk.apps.worker"):
        killed = marketplace.pid_of(words)
        os.kill(killed, signal.SIGKILL)
        until(lambda killed=killed: killed not in marketplace.processes())
        until(lambda words=words: any(words in line for line in marketplace.processes().values()))
        until(marketplace.is_ready)
        assert marketplace.knows("before")
    assert marketplace.register("after")
    assert marketplace.stop() == 0


def test_a_killed_supervisor_leaves_nothing_and_the_next_start_has_everything(
    marketplace: Marketplace,
) -> None:
    marketplace.start()
    assert marketplace.register("ada")
    assert marketplace.process is not None
    marketplace.process.kill()
    marketplace.process.communicate()
    marketplace.start()
    assert marketplace.knows("ada")


def test_whatever_is_killed_at_once_nothing_acknowledged_is_lost(marketplace: Marketplace) -> None:
    chance = random.Random(SEED)
    acknowledged: list[str] = []
    for round_number in range(3):
        marketplace.start()
        for number in range(chance.randrange(3, 8)):
            name = f"user{round_number}x{number}"
            if marketplace.register(name):
                acknowledged.append(name)
        assert marketplace.process is not None
        victims = [marketplace.process.pid, *marketplace.processes()]
        chance.shuffle(victims)
        for victim in victims:
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                continue
        marketplace.process.communicate()
    marketplace.start()
    assert len(acknowledged) >= 9
    assert [name for name in acknowledged if not marketplace.knows(name)] == []


def test_a_first_start_that_is_interrupted_is_no_obstacle(marketplace: Marketplace) -> None:
    for wait_s, signal_number in ((0.8, signal.SIGKILL), (1.5, signal.SIGINT)):
        process = subprocess.Popen([SOUK, "up"], env=marketplace.environment())
        time.sleep(wait_s)
        process.send_signal(signal_number)
        process.wait(timeout=60)
    marketplace.start()
    assert marketplace.is_ready()


def test_a_second_one_on_the_folder_or_the_port_is_refused_and_harms_nothing(
    marketplace: Marketplace, tmp_path: Path
) -> None:
    marketplace.start()
    same_folder = Marketplace(marketplace.data_dir, marketplace.port + 1).run()
    assert same_folder.returncode == 1
    assert "already runs on" in same_folder.stderr
    same_port = Marketplace(tmp_path / "other", marketplace.port).run()
    assert same_port.returncode == 1
    assert f"Port {marketplace.port} is in use" in same_port.stderr
    assert "Traceback" not in same_folder.stderr + same_port.stderr
    assert marketplace.is_ready()


def test_a_database_of_the_operators_own_is_used_and_left_running(
    marketplace: Marketplace, tmp_path: Path
) -> None:
    with EmbeddedPostgres(tmp_path / "theirs") as theirs:
        marketplace.database_url = theirs.dsn()
        marketplace.start()
        assert marketplace.register("ada")
        assert not (marketplace.data_dir / "postgres").exists()
        assert marketplace.stop() == 0
        assert theirs.is_running()
        marketplace.start()
        assert marketplace.knows("ada")
        assert marketplace.stop() == 0
