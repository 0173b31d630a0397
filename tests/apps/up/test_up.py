"""The whole process tree: whatever is killed, the marketplace comes back with what it answered."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.apps.up.running import SOUK, Marketplace, prepared

from souk.infra.postgres.embedded import EmbeddedPostgres

pytestmark = [pytest.mark.slow, pytest.mark.database, pytest.mark.timeout(400)]

SEED = 20


@pytest.fixture
def marketplace(tmp_path: Path) -> Iterator[Marketplace]:
    with prepared(tmp_path / "data") as marketplace:
        yield marketplace


def until(condition: Callable[[], bool], *, limit_s: float = 90.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


@pytest.mark.alone
def test_it_starts_stops_and_starts_again_leaving_no_process(marketplace: Marketplace) -> None:
    marketplace.start()
    assert marketplace.register("ada")
    assert len(marketplace.processes()) > 4
    assert marketplace.stop() == 0
    assert marketplace.processes() == {}
    started = time.monotonic()
    marketplace.start()
    assert time.monotonic() - started < 60
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


def test_a_backup_of_a_working_marketplace_becomes_the_same_one_elsewhere(
    marketplace: Marketplace, tmp_path: Path
) -> None:
    marketplace.start()
    assert marketplace.register("ada")
    assert "running on" in marketplace.souk("check")
    said = marketplace.souk("backup", tmp_path / "souk.backup")
    assert f"Wrote {tmp_path / 'souk.backup'}" in said
    assert marketplace.register("too-late")
    assert marketplace.stop() == 0
    with prepared(tmp_path / "copy") as copy:
        assert "Start it: souk up" in copy.souk("restore", tmp_path / "souk.backup")
        copy.start()
        assert copy.knows("ada")
        assert not copy.knows("too-late")
        assert copy.stop() == 0
