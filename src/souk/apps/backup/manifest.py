"""What a backup says about itself: its files with size and hash, and what wrote it."""

from typing import Final

import msgspec

FORMAT: Final = "souk-backup"
FORMAT_VERSION: Final = 1
MANIFEST_NAME: Final = "manifest.json"
DATABASE_NAME: Final = "database.dump"
"""PostgreSQL's custom format, as `pg_dump --format=custom` writes it."""
SECRETS: Final = "secrets"
MARKETPLACE_SECRET: Final = "secrets/marketplace"
BLOBS: Final = "blobs"
KEPT_FILES: Final = ("souk.toml", "catalogue/loaded")
"""Settings in a file, and the note that the starting catalogue is not to be loaded again."""


class FileEntry(msgspec.Struct, frozen=True):
    """One file of the archive."""

    size_bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The last file of the archive; a backup without it was cut off."""

    format: str = FORMAT
    format_version: int = FORMAT_VERSION
    created_at: str
    """Aware UTC, RFC 3339."""
    schema_revision: str
    blobs_url: str
    """Where the blobs are when they are not in the archive: the object store's address."""
    files: dict[str, FileEntry]
