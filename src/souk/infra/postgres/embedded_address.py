"""How the owner reaches the embedded PostgreSQL: over its private socket, with a password."""

import fcntl
import os
from pathlib import Path
from urllib.parse import quote

from souk.infra.postgres.embedded_layout import Layout, packaged_programs

OWNER = "souk_owner"
DATABASE = "souk"


def password_file(data_dir: Path) -> Path:
    """Where the owner's password is kept."""
    return data_dir / "secrets" / "postgres-owner"


def owner_dsn(password: str, socket_dir: Path, database: str) -> str:
    """The connection address of the superuser who owns everything."""
    host = quote(str(socket_dir), safe="")
    return f"postgresql://{OWNER}:{quote(password, safe='')}@/{database}?host={host}"


def running_dsn(data_dir: Path) -> str | None:
    """The owner's DSN of the server that some other process runs on `data_dir`, if one does."""
    home = data_dir.absolute() / "postgres"
    layout = Layout(home, home / "cluster", packaged_programs())
    socket_dir, kept = layout.read_socket_dir(), password_file(data_dir.absolute())
    if socket_dir is None or not kept.exists() or not _is_locked(layout.lock_file):
        return None
    return owner_dsn(kept.read_text().strip(), socket_dir, DATABASE)


def _is_locked(lock_file: Path) -> bool:
    try:
        descriptor = os.open(lock_file, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
