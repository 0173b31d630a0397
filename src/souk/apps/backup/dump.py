"""PostgreSQL's own programs for writing a database out and reading it in."""

import os
import subprocess
from pathlib import Path
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from souk.apps.backup.errors import BackupError
from souk.infra.postgres.embedded import packaged_programs

_KNOWS_EVERY_SETTING: Final = 170000
"""From this server version on, everything that the packaged `pg_restore` sets exists."""
_UNKNOWN_BEFORE: Final = b"\nSET transaction_timeout = 0;\n"
_HEADER_BYTES: Final = 4096


def dump_database(owner_dsn: str, target: Path) -> None:
    """Writes one consistent moment of the database to `target`; others go on working meanwhile.

    Raises:
        BackupError: with the program's own words.
    """
    compress = "--compress=zstd:3" if _has_zstd() else "--compress=gzip:5"
    # Unlogged tables hold what must not outlive its day (the salt of visitor ids).
    options = ("--format=custom", compress, "--no-owner", "--no-unlogged-table-data")
    written = f"--file={target}"
    _run("pg_dump", *_address(owner_dsn), *options, written, password=_password(owner_dsn))


def load_database(owner_dsn: str, source: Path) -> None:
    """Fills an empty database, in one transaction: all or nothing.

    Raises:
        BackupError: with the program's own words.
    """
    with psycopg.connect(owner_dsn) as connection:
        version = connection.info.server_version
    if version < _KNOWS_EVERY_SETTING:
        _load_as_script(owner_dsn, source)
        return
    options = ("--no-owner", "--single-transaction", "--exit-on-error")
    _run("pg_restore", *_address(owner_dsn), *options, source, password=_password(owner_dsn))


def _load_as_script(owner_dsn: str, source: Path) -> None:
    """Loads by way of a script without the one setting that older servers do not know."""
    script = source.with_suffix(".sql")
    try:
        _run("pg_restore", "--no-owner", f"--file={script}", source)
        _blank_unknown_setting(script)
        options = ("--no-psqlrc", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1")
        whole = ("--single-transaction", f"--file={script}")
        _run("psql", *_address(owner_dsn), *options, *whole, password=_password(owner_dsn))
    finally:
        script.unlink(missing_ok=True)


def _blank_unknown_setting(script: Path) -> None:
    """Overwrites the statement in the script's head in place; the rows after it stay as they are.

    A script without it, as another `pg_restore` may write, is left alone.
    """
    with script.open("r+b") as file:
        at = file.read(_HEADER_BYTES).find(_UNKNOWN_BEFORE)
        if at >= 0:
            file.seek(at + 1)
            file.write(b"-" * (len(_UNKNOWN_BEFORE) - 2))


def _has_zstd() -> bool:
    shown = subprocess.run(
        [packaged_programs() / "pg_config", "--configure"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return "--with-zstd" in shown


def _address(dsn: str) -> tuple[str, str]:
    """The connection's options, without its password: everyone here can read a command line."""
    parameters = conninfo_to_dict(dsn)
    parameters.pop("password", None)
    return (f"--dbname={make_conninfo('', **parameters)}", "--no-password")


def _password(dsn: str) -> str:
    return str(conninfo_to_dict(dsn).get("password") or "")


def _run(program: str, *arguments: str | Path, password: str = "") -> None:
    result = subprocess.run(
        [packaged_programs() / program, *arguments],
        # The environment is only its owner's to read.
        env={"PATH": os.defpath, "PGPASSWORD": password},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise BackupError(f"{program} failed: {result.stderr.strip()}")
