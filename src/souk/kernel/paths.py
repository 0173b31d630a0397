"""Relative paths that are safe on every system they may be unpacked on."""

import unicodedata
from typing import Final

MAX_PATH_CHARACTERS: Final = 512
MAX_SEGMENT_BYTES: Final = 255

_RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}
)
"""Names that Windows gives to devices."""


def path_problem(path: str) -> str | None:
    """Why a path must not be used for a file of a work; None when it may."""
    if not 1 <= len(path) <= MAX_PATH_CHARACTERS:
        return f"must have 1 to {MAX_PATH_CHARACTERS} characters"
    if not path.isprintable():
        return "must not hold control or invisible characters"
    if unicodedata.normalize("NFC", path) != path:
        return "must be in Unicode normal form C"
    return escape_problem(path) or _segments_problem(path)


def escape_problem(path: str) -> str | None:
    """Why a path could lead out of the folder it is unpacked in; None when it stays inside."""
    if "\\" in path:
        return "must use forward slashes"
    if path.startswith("/") or path[1:2] == ":":
        return "must be relative"
    if ".." in path.split("/"):
        return "must not have .. as a part"
    if "\0" in path:
        return "must not hold NUL"
    return None


def _segments_problem(path: str) -> str | None:
    return next((p for p in map(_segment_problem, path.split("/")) if p is not None), None)


def _segment_problem(segment: str) -> str | None:
    if segment == "":
        return "must not have an empty part"
    if segment == ".":
        return "must not have . as a part"
    if segment != segment.strip() or segment.endswith("."):
        return "must not have a part that begins or ends with a space, or ends with a dot"
    if len(segment.encode()) > MAX_SEGMENT_BYTES:
        return f"must not have a part of more than {MAX_SEGMENT_BYTES} bytes"
    if segment.partition(".")[0].casefold() in _RESERVED:
        return "must not use a name that Windows reserves"
    if any(sign in segment for sign in '<>:"|?*'):
        return 'must not hold any of < > : " | ? *'
    return None
