"""Secrets kept as files only their owner can read (0600, in a folder 0700)."""

import os
import secrets
from pathlib import Path

from souk.infra.blobs.durable import sync_folder


def read_or_create_secret(path: Path, *, size_bytes: int = 32) -> str:
    """The text in `path`; a new random one (`size_bytes` as hex digits) is made durable first.

    Two processes that create the same secret at once read the same text.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    complete = path.with_name(f".{path.name}.{os.getpid()}")
    complete.unlink(missing_ok=True)
    descriptor = os.open(complete, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(size_bytes) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link, unlike a rename, never replaces a secret that another process has just made.
        os.link(complete, path)
    except FileExistsError:
        pass
    finally:
        complete.unlink()
    sync_folder(path.parent)
    return path.read_text().strip()
