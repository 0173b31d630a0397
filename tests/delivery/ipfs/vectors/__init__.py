"""What reference importers made of known content; `make.mjs` says how it was recorded."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def recorded() -> dict[str, Any]:
    """The recorded trees and CAR files."""
    return json.loads((HERE / "unixfs.json").read_text())


def content(path: str, size_bytes: int) -> bytes:
    """The bytes that the recording gave a file."""
    count = -(-size_bytes // 32)
    parts = (hashlib.sha256(f"{path}:{n}".encode()).digest() for n in range(count))
    return b"".join(parts)[:size_bytes]


def files_of(case: dict[str, Any]) -> dict[str, int]:
    """The sizes of a case's files by path."""
    if "files" in case:
        return case["files"]
    count, length, *folder = case["generated"]
    prefix = folder[0] if folder else ""
    made = {f"{prefix}{number:05}{'x' * length}": 1 for number in range(count)}
    return made | case.get("extra", {})


def car_of(case: dict[str, Any]) -> bytes:
    """The recorded CAR file."""
    return base64.b64decode(case["car"])
