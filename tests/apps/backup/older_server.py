"""A PostgreSQL 15 server, the oldest that is admitted, as an operator may bring one."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Final
from urllib.parse import quote

import psycopg
from psycopg.conninfo import make_conninfo

from souk.infra.postgres.embedded_identity import Identity, choose_identity

MAJOR_VERSION: Final = 15
PROGRAMS: Final = Path(os.environ.get("SOUK_TEST_POSTGRES15", "/usr/lib/postgresql/15/bin"))
OWNER: Final = "their_owner"
"""As the operator's guide has it: may make roles, and is no superuser."""
_SUPERUSER: Final = "postgres"
_PORT: Final = 5432
"""Names the socket only: the server does not listen on TCP."""
_START_LIMIT_S: Final = 60.0
_ENVIRON: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@contextmanager
def older_server(folder: Path) -> Iterator[list[str]]:
    """A running server in `folder` (short: it holds the socket); its owner's two databases."""
    identity = choose_identity()
    password = token_hex(16)
    secret = folder / "password"
    secret.write_text(password)
    _give_to(identity, folder, secret)
    sign_in = ("--auth=scram-sha-256", f"--pwfile={secret}")
    make = (PROGRAMS / "initdb", "-D", folder / "data", "-U", _SUPERUSER, "--no-sync", *sign_in)
    command = identity.command(*make, "--encoding=UTF8", "--locale=C", dies_by=signal.SIGTERM)
    subprocess.run(command, check=True, capture_output=True, cwd="/", env=_ENVIRON)
    command = identity.command(
        *(PROGRAMS / "postgres", "-D", folder / "data", "-p", str(_PORT)),
        *("-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"),
        dies_by=signal.SIGINT,
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", env=_ENVIRON)
    try:
        admin = make_conninfo(
            "", host=str(folder), port=_PORT, user=_SUPERUSER, password=password, dbname="postgres"
        )
        with _connected(admin, process, folder / "log") as connection:
            assert connection.info.server_version // 10_000 == MAJOR_VERSION
            connection.execute(f"CREATE ROLE {OWNER} LOGIN CREATEROLE PASSWORD '{password}'")
            for name in ("first", "second"):
                connection.execute(f"CREATE DATABASE {name} OWNER {OWNER}")
        address = f"postgresql://{OWNER}:{password}@/{{}}?host={quote(str(folder), safe='')}"
        yield [address.format(name) for name in ("first", "second")]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _give_to(identity: Identity, *paths: Path) -> None:
    if identity.user is not None:
        for path in paths:
            shutil.chown(path, identity.user.pw_uid, identity.user.pw_gid)


def _connected(
    dsn: str, process: "subprocess.Popen[bytes]", log: Path
) -> "psycopg.Connection[tuple[object, ...]]":
    deadline = time.monotonic() + _START_LIMIT_S
    while True:
        try:
            return psycopg.connect(dsn, autocommit=True)
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(log.read_text()) from None
            time.sleep(0.05)
