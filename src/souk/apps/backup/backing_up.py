"""Writing a backup."""

import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from souk.apps.backup.archive import ArchiveWriter
from souk.apps.backup.dump import dump_database
from souk.apps.backup.errors import BackupError
from souk.apps.backup.manifest import (
    BLOBS,
    DATABASE_NAME,
    KEPT_FILES,
    MARKETPLACE_SECRET,
    SECRETS,
    Manifest,
)
from souk.apps.migrations.run import current_revision
from souk.infra.blobs.durable import sync_folder

OF_THIS_MACHINE: Final = frozenset({"postgres-owner"})
"""Secrets that a restored marketplace makes anew."""
_TELL_EVERY_FILES: Final = 500


def back_up(
    target: Path,
    *,
    data_dir: Path,
    owner_dsn: str,
    secret: str,
    blobs_url: str,
    progress: Callable[[str], None],
) -> Manifest:
    """Writes one moment of the marketplace to `target` (0600: it holds the secrets).

    The database is written first and the blobs after it. A blob never changes and is stored before
    the row that names it, so every row of that moment finds its blob. Unfinished uploads are left
    out. The marketplace may go on working. `target` appears whole or not at all.

    Raises:
        BackupError: `target` exists, there is nothing to back up, or PostgreSQL's program failed.
    """
    if target.exists():
        raise BackupError(f"{target} exists. Name a new file, or remove that one first.")
    if not target.absolute().parent.is_dir():
        raise BackupError(f"The folder {target.absolute().parent} does not exist.")
    revision = current_revision(owner_dsn)
    if revision is None:
        raise BackupError("The database holds no marketplace yet: there is nothing to back up.")
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.absolute().parent) as at:
        half = Path(at) / "archive"
        dump = Path(at) / DATABASE_NAME
        progress("Writing the database")
        dump_database(owner_dsn, dump)
        with half.open("wb") as file:
            half.chmod(0o600)
            writer = ArchiveWriter(file)
            writer.add_file(DATABASE_NAME, dump)
            _add_small_files(writer, data_dir, secret)
            _add_blobs(writer, data_dir, progress)
            manifest = Manifest(
                created_at=datetime.now(UTC).isoformat(timespec="seconds"),
                schema_revision=revision,
                blobs_url=blobs_url,
                files=writer.files,
            )
            writer.finish(manifest)
            file.flush()
            os.fsync(file.fileno())
        half.rename(target)
        sync_folder(target.absolute().parent)
    return manifest


def _add_small_files(writer: ArchiveWriter, data_dir: Path, secret: str) -> None:
    # Without it nothing that is sealed in the database could ever be opened again.
    writer.add_bytes(MARKETPLACE_SECRET, f"{secret}\n".encode())
    for path in _files_below(data_dir / SECRETS):
        name = f"{SECRETS}/{path.relative_to(data_dir / SECRETS).as_posix()}"
        if path.name not in OF_THIS_MACHINE and name != MARKETPLACE_SECRET:
            writer.add_file(name, path)
    for name in KEPT_FILES:
        if (data_dir / name).is_file():
            writer.add_file(name, data_dir / name)


def _add_blobs(writer: ArchiveWriter, data_dir: Path, progress: Callable[[str], None]) -> None:
    for number, path in enumerate(_files_below(data_dir / BLOBS), start=1):
        writer.add_file(f"{BLOBS}/{path.relative_to(data_dir / BLOBS).as_posix()}", path)
        if number % _TELL_EVERY_FILES == 0:
            progress(f"Added {number} blobs")


def _files_below(folder: Path) -> Iterator[Path]:
    """Regular files, sorted, without those whose name says that they are still being written."""
    return (
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and not path.name.startswith(".")
    )
