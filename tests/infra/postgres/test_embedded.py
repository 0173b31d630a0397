"""The embedded PostgreSQL: what it does when it, or whoever started it, dies at a bad moment."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from souk.infra.postgres.embedded import (
    EmbeddedPostgres,
    EmbeddedPostgresBusyError,
    EmbeddedPostgresError,
    running_dsn,
)
from souk.infra.postgres.embedded_config import server_settings
from souk.infra.postgres.embedded_identity import choose_identity

pytestmark = [pytest.mark.database, pytest.mark.slow]

STARTER = """
import sys, time
from pathlib import Path
from souk.infra.postgres.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path)
    yield server
    server.stop()


def run_in_background(data_dir: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", STARTER, str(data_dir)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def wait_until(condition: Callable[[], bool], *, limit_s: float = 20.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return False
    return state != "Z"


def test_it_starts_as_postgresql_18_with_checksums_and_durable_commits(
    server: EmbeddedPostgres,
) -> None:
    with psycopg.connect(server.start()) as connection:
        names = ("server_version_num", "data_checksums", "fsync", "synchronous_commit")
        row = connection.execute(
            f"SELECT {', '.join(f'current_setting({name!r})' for name in names)}"
        ).fetchone()
    assert row is not None
    assert int(row[0]) // 10000 == 18
    assert row[1:] == ("on", "on", "on")


def test_it_listens_on_a_private_socket_only_and_asks_for_the_password(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    dsn = server.start()
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SHOW listen_addresses").fetchone()
        method = connection.execute("SELECT auth_method FROM pg_hba_file_rules").fetchall()
        assert row == ("",)
        assert method == [("scram-sha-256",)]
    folder = Path(str(conninfo_to_dict(dsn)["host"]))  # elsewhere when the path is too long
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    secret = tmp_path / "secrets" / "postgres-owner"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert stat.S_IMODE(secret.parent.stat().st_mode) == 0o700
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(dsn.replace(secret.read_text().strip(), "guessed"))


def test_what_was_written_is_there_after_a_stop_and_a_start(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.start(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'Grüße' AS word")
    server.stop()
    assert not server.is_running()
    with psycopg.connect(server.start()) as connection:
        assert connection.execute("SELECT upper(word) FROM kept").fetchone() == ("GRÜßE",)


def test_a_killed_server_recovers_every_acknowledged_commit(server: EmbeddedPostgres) -> None:
    connection = psycopg.connect(server.start(), autocommit=True)
    connection.execute("CREATE TABLE acknowledged (n int)")
    for n in range(50):
        connection.execute("INSERT INTO acknowledged VALUES (%s)", (n,))
    connection.execute("BEGIN")
    connection.execute("INSERT INTO acknowledged VALUES (1000)")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    wait_until(lambda: not server.is_running())
    connection.close()
    server.stop()
    with psycopg.connect(server.start()) as again:
        found = again.execute("SELECT count(*), max(n) FROM acknowledged").fetchone()
    assert found == (50, 49)


def test_the_server_ends_cleanly_with_the_process_that_started_it(tmp_path: Path) -> None:
    starter = run_in_background(tmp_path)
    assert starter.stdout is not None
    server_pid = int(starter.stdout.readline())
    starter.kill()
    starter.wait()
    starter.stdout.close()
    wait_until(lambda: not is_alive(server_pid))
    logs = (tmp_path / "postgres" / "cluster" / "18" / "log").glob("*.log")
    assert any("database system is shut down" in log.read_text() for log in logs)
    server = EmbeddedPostgres(tmp_path)
    server.start()
    server.stop()


def test_a_server_that_outlived_its_starter_is_replaced(tmp_path: Path) -> None:
    starter = run_in_background(tmp_path)
    assert starter.stdout is not None
    orphan = int(starter.stdout.readline())
    os.kill(orphan, signal.SIGSTOP)  # it cannot act on its parent's death
    starter.kill()
    starter.wait()
    starter.stdout.close()
    assert is_alive(orphan)
    said: list[str] = []
    server = EmbeddedPostgres(tmp_path, progress=said.append)
    os.kill(orphan, signal.SIGCONT)
    with psycopg.connect(server.start()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not is_alive(orphan)
    server.stop()


def test_a_second_start_on_the_same_folder_is_refused_by_name(tmp_path: Path) -> None:
    starter = run_in_background(tmp_path)
    assert starter.stdout is not None
    starter.stdout.readline()
    try:
        with pytest.raises(EmbeddedPostgresBusyError, match=f"process {starter.pid}"):
            EmbeddedPostgres(tmp_path).start()
        dsn = running_dsn(tmp_path)
        assert dsn is not None
        with psycopg.connect(dsn) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        starter.terminate()
        starter.wait()
        starter.stdout.close()
    assert running_dsn(tmp_path) is None


def test_an_initialisation_killed_half_way_leaves_a_usable_folder(tmp_path: Path) -> None:
    for delay_s in (0.1, 0.25, 0.4):
        starter = run_in_background(tmp_path)
        cluster = tmp_path / "postgres" / "cluster"
        wait_until(lambda: any(cluster.glob("initialising-*/data/*")))  # noqa: B023
        time.sleep(delay_s)
        starter.kill()
        starter.wait()
        assert starter.stdout is not None
        starter.stdout.close()
    server = EmbeddedPostgres(tmp_path)
    with psycopg.connect(server.start()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    server.stop()
    server.start()
    server.stop()
    assert not any(cluster.glob("initialising-*"))


def test_a_note_whose_number_another_program_has_now_does_not_block(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    server.start()
    server.stop()
    note = tmp_path / "postgres" / "cluster" / "18" / "postmaster.pid"
    note.write_text(f"{os.getpid()}\n{note.parent}\n1700000000\n5432\n\n\n\nready\n")
    server.start()
    assert server.is_running()


def test_a_deep_folder_gets_its_socket_in_a_short_private_one(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    server = EmbeddedPostgres(deep)
    with psycopg.connect(server.start()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    dsn = running_dsn(deep)
    server.stop()
    assert server.start() == dsn
    server.stop()
    folder = Path((deep / "postgres" / "socket_dir").read_text())
    assert dsn is not None
    assert len(str(folder)) < 60
    assert not folder.exists()


def test_data_of_another_version_is_left_alone(server: EmbeddedPostgres, tmp_path: Path) -> None:
    server.start()
    server.stop()
    (tmp_path / "postgres" / "cluster" / "18" / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedPostgresError, match="written by PostgreSQL 17"):
        server.start()


def test_without_user_namespaces_root_becomes_an_unprivileged_user(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    identity = choose_identity(namespaces=False)
    server = EmbeddedPostgres(tmp_path / "closed", identity=identity)
    with psycopg.connect(server.start()) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    data = Path(row[0])
    if os.geteuid() == 0:
        assert identity.user is not None
        assert data.stat().st_uid == identity.user.pw_uid
    else:
        assert data.stat().st_uid == os.geteuid()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    server.stop()
    with psycopg.connect(server.start()) as connection:
        assert connection.execute("SHOW data_directory").fetchone() == row
    server.stop()
    shutil.rmtree(data.parent)


def test_memory_is_used_in_proportion_and_never_too_little() -> None:
    assert "shared_buffers = 128MB" in server_settings(512 * 2**20)
    assert "shared_buffers = 512MB" in server_settings(8 * 2**30)
    assert "shared_buffers = 1024MB" in server_settings(64 * 2**30)
