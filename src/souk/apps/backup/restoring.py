"""Making a marketplace from a backup."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg

from souk.apps.application_role import app_password
from souk.apps.backup.archive import unpack
from souk.apps.backup.dump import load_database
from souk.apps.backup.errors import BackupError
from souk.apps.backup.manifest import DATABASE_NAME, MARKETPLACE_SECRET, Manifest
from souk.apps.migrations.run import make_app_role
from souk.infra.postgres.embedded import EmbeddedPostgres


def restore(
    archive: Path, *, data_dir: Path, database_url: str, progress: Callable[[str], None]
) -> Manifest:
    """Makes `data_dir`, and fills the embedded database or the empty one at `database_url`.

    Everything is unpacked, checked and loaded beside `data_dir` and then renamed: after an error
    nothing is left behind.

    Raises:
        BackupError: the folder or the database is not empty, or the archive is damaged.
        EmbeddedPostgresError: the embedded PostgreSQL does not start.
    """
    if not archive.is_file():
        raise BackupError(f"There is no file {archive}.")
    if data_dir.exists() and any(data_dir.iterdir()):
        raise BackupError(
            f"{data_dir} is not empty, and a restore never writes over anything. "
            "Choose a new folder: SOUK_DATA_DIR=/path/to/new/folder"
        )
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{data_dir.name}-", dir=data_dir.parent))
    try:
        progress("Unpacking, and checking every file against its hash")
        manifest = unpack(archive, staging, progress=progress)
        progress("Loading the database")
        if database_url:
            _load(database_url, staging)
        else:
            with EmbeddedPostgres(staging) as server:
                _load(server.dsn(), staging)
        (staging / DATABASE_NAME).unlink()
        if data_dir.exists():
            data_dir.rmdir()
        staging.rename(data_dir)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return manifest


def _load(owner_dsn: str, staging: Path) -> None:
    secret = (staging / MARKETPLACE_SECRET).read_text().strip()
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        held = connection.execute("SELECT to_regnamespace('souk') IS NOT NULL").fetchone()
        if held is None or held[0]:
            raise BackupError(
                "The database is not empty: it holds a marketplace already. "
                "Name an empty one with SOUK_DATABASE_URL."
            )
        # The dump grants rights to this role, so it has to be there first.
        make_app_role(connection, app_password(secret))
    load_database(owner_dsn, staging / DATABASE_NAME)
