"""PostgreSQL's own programs for writing a database out and reading it in."""

import os
import subprocess
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from souk.apps.backup.errors import BackupError
from souk.infra.postgres.embedded import packaged_programs


def dump_database(owner_dsn: str, target: Path) -> None:
    """Writes one consistent moment of the database to `target`; others go on working meanwhile.

    Raises:
        BackupError: with the program's own words.
    """
    compress = "--compress=zstd:3" if _has_zstd() else "--compress=gzip:5"
    # Unlogged tables hold what must not outlive its day (the salt of visitor ids).
    options = ("--format=custom", compress, "--no-owner", "--no-unlogged-table-data")
    _run("pg_dump", owner_dsn, *options, f"--file={target}")


def load_database(owner_dsn: str, source: Path) -> None:
    """Fills an empty database, in one transaction: all or nothing.

    Raises:
        BackupError: with the program's own words.
    """
    _run("pg_restore", owner_dsn, "--no-owner", "--single-transaction", "--exit-on-error", source)


def _has_zstd() -> bool:
    shown = subprocess.run(
        [packaged_programs() / "pg_config", "--configure"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return "--with-zstd" in shown


def _run(program: str, dsn: str, *arguments: str | Path) -> None:
    parameters = conninfo_to_dict(dsn)
    # Everyone on the machine can read a command line; the environment only its owner.
    password = str(parameters.pop("password", None) or "")
    address = make_conninfo("", **parameters)
    result = subprocess.run(
        [packaged_programs() / program, f"--dbname={address}", "--no-password", *arguments],
        env={"PATH": os.defpath, "PGPASSWORD": password},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise BackupError(f"{program} failed: {result.stderr.strip()}")
