"""Who a node is: kept in its folder, so that it joins once."""

import os
from contextlib import suppress
from pathlib import Path

import msgspec


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A node's id and secret, and where they count."""

    node_id: str
    secret: str
    home_url: str
    url: str
    """Where it said that downloaders reach it."""

    @property
    def credential(self) -> str:
        return f"{self.node_id}.{self.secret}"


def read_identity(file: Path, *, home_url: str) -> Identity | None:
    """Who the node is to this home; None when it has not joined it."""
    with suppress(OSError, msgspec.DecodeError):
        found = msgspec.json.decode(file.read_bytes(), type=Identity)
        return found if found.home_url == home_url else None
    return None


def write_identity(file: Path, identity: Identity) -> None:
    """Keeps it, readable by the node's user alone; durable when this returns."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, msgspec.json.encode(identity))
        os.fsync(handle)
    finally:
        os.close(handle)
    fresh.replace(file)
