"""A PostgreSQL server of Souk's own: made, started, mended after a crash, and stopped.

It listens on a socket in a private folder only, asks for a password even there, and never loosens
the mode of a folder it did not make.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from souk.infra.postgres.embedded_address import (
    DATABASE,
    OWNER,
    owner_dsn,
    password_file,
    running_dsn,
)
from souk.infra.postgres.embedded_config import write_configuration
from souk.infra.postgres.embedded_errors import EmbeddedPostgresBusyError, EmbeddedPostgresError
from souk.infra.postgres.embedded_identity import Identity, choose_identity
from souk.infra.postgres.embedded_initdb import (
    failure,
    last_words,
    make_data_folder,
    remove_half_made,
    server_environment,
)
from souk.infra.postgres.embedded_layout import (
    MAJOR_VERSION,
    SOCKET_PORT,
    Layout,
    choose_socket_dir,
    make_layout,
    packaged_programs,
)
from souk.infra.postgres.embedded_postmaster import (
    discard_stale_notes,
    end_postmaster,
    find_postmaster,
    is_ready,
)
from souk.infra.secret_files import read_or_create_secret

START_LIMIT_S = 120.0
_SHARED_MEMORY_LIMIT_S = 30.0

__all__ = [
    "DATABASE",
    "OWNER",
    "EmbeddedPostgres",
    "EmbeddedPostgresBusyError",
    "EmbeddedPostgresError",
    "packaged_programs",
    "running_dsn",
]


class EmbeddedPostgres:
    """One server on one data folder. Start it from a thread that lives as long as it should run.

    The server stops by itself, cleanly, when the process that started it dies in any way.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        progress: Callable[[str], None] = lambda _line: None,
        identity: Identity | None = None,
    ) -> None:
        self._data_dir = data_dir.absolute()
        self._progress = progress
        self._identity = identity
        self._layout: Layout | None = None
        self._lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._socket_dir: Path | None = None

    def start(self) -> str:
        """Starts the server, making or recovering its data as needed; returns the owner's DSN.

        Raises EmbeddedPostgresBusyError when another process runs it, EmbeddedPostgresError with
        the end of the server's log when it does not start.
        """
        if self.is_running():
            return self.dsn()
        identity = self._identity = self._identity or choose_identity()
        layout = self._layout = make_layout(self._data_dir, identity)
        self._take_lock(layout)
        try:
            self._end_orphan(layout)
            remove_half_made(layout)
            if not layout.data.exists():
                self._progress(f"Creating the database (PostgreSQL {MAJOR_VERSION})")
                make_data_folder(layout, identity, password=self._password())
            _check_version(layout)
            write_configuration(layout.data)
            self._socket_dir = choose_socket_dir(layout, identity)
            discard_stale_notes(layout.data, self._socket_dir)
            self._launch(layout, identity)
            self._make_database()
        except BaseException:
            self.stop()
            raise
        return self.dsn()

    def stop(self) -> None:
        """Stops the server and lets go of the folder; nothing to do where it does not run."""
        try:
            if self._process is not None and self._layout is not None:
                if self._process.poll() is None:
                    end_postmaster(self._layout.data, self._process.pid, reap=self._process)
                self._process.wait()
            self._remove_borrowed_socket_dir()
        finally:
            self._process = None
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None

    def is_running(self) -> bool:
        """Whether the server this object started is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process id of the postmaster while it runs."""
        return self._process.pid if self._process is not None and self.is_running() else None

    def dsn(self, *, database: str = DATABASE) -> str:
        """The owner's connection address: superuser, over the private socket."""
        if self._socket_dir is None:
            raise EmbeddedPostgresError("PostgreSQL is not running: call start() first.")
        return owner_dsn(self._password(), self._socket_dir, database)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _password(self) -> str:
        return read_or_create_secret(password_file(self._data_dir))

    def _remove_borrowed_socket_dir(self) -> None:
        """A folder outside our own is only borrowed from the system's temporary ones."""
        folder, layout = self._socket_dir, self._layout
        if folder is not None and layout is not None and folder.parent != layout.cluster:
            shutil.rmtree(folder, ignore_errors=True)
        self._socket_dir = None

    def _take_lock(self, layout: Layout) -> None:
        descriptor = os.open(layout.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode().strip() or "unknown"
            os.close(descriptor)
            raise EmbeddedPostgresBusyError(
                f"The folder {self._data_dir} is in use: process {holder} already runs its "
                "PostgreSQL. Stop that one first, or choose another folder with SOUK_DATA_DIR."
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._lock = descriptor

    def _end_orphan(self, layout: Layout) -> None:
        """Whoever started a server that still runs is dead: we hold its lock."""
        orphan = find_postmaster(layout.data)
        if orphan is not None:
            self._progress("Stopping the PostgreSQL that an earlier start left behind")
            end_postmaster(layout.data, orphan)

    def _launch(self, layout: Layout, identity: Identity) -> None:
        """Starts the postmaster; waits out processes that a killed one left for some moments."""
        assert self._socket_dir is not None
        command = identity.command(
            *(layout.programs / "postgres", "-D", layout.data, "-p", str(SOCKET_PORT)),
            *("-c", f"unix_socket_directories={self._socket_dir}"),
            *("-c", "unix_socket_permissions=0700"),
            dies_by=signal.SIGINT,
        )
        patience_ends = time.monotonic() + _SHARED_MEMORY_LIMIT_S
        while True:
            with layout.startup_log.open("wb") as log:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    env=server_environment(),
                    # Ctrl-C in a terminal reaches the whole foreground group: the server has to
                    # outlive those who use it, so it is not in that group.
                    start_new_session=True,
                )
            if self._await_ready(layout, self._process):
                return
            still_shared = "still in use" in last_words(layout)
            if not still_shared or time.monotonic() > patience_ends:
                raise failure("PostgreSQL did not start", layout)
            time.sleep(0.2)

    def _await_ready(self, layout: Layout, process: "subprocess.Popen[bytes]") -> bool:
        """True once connections are accepted, False when the server gave up."""
        started = time.monotonic()
        told_s = 3.0
        while process.poll() is None:
            if is_ready(layout.data, process.pid):
                return True
            waited_s = time.monotonic() - started
            if waited_s > START_LIMIT_S:
                raise failure(f"PostgreSQL was not ready after {START_LIMIT_S:.0f} s", layout)
            if waited_s > told_s:
                self._progress(f"PostgreSQL is recovering ({waited_s:.0f} s)")
                told_s += 5.0
            time.sleep(0.01)
        return False

    def _make_database(self) -> None:
        try:
            connection = psycopg.connect(self.dsn(database="postgres"), autocommit=True)
        except psycopg.OperationalError as error:
            raise EmbeddedPostgresError(
                f"PostgreSQL runs, but does not accept the password in "
                f"{password_file(self._data_dir)}: {error}"
            ) from error
        with connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(query, (DATABASE,)).fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")


def _check_version(layout: Layout) -> None:
    found = (layout.data / "PG_VERSION").read_text().strip()
    if found != str(MAJOR_VERSION):
        raise EmbeddedPostgresError(
            f"{layout.data} was written by PostgreSQL {found}, this is {MAJOR_VERSION}. "
            "Restore a backup into a new folder with `souk restore`."
        )
