"""Where a named file of a work may lie on this machine."""

from pathlib import Path, PurePosixPath
from typing import Final

from souk_client.sdk.errors import IntegrityError

_FORBIDDEN: Final = frozenset('\\:*?"<>|') | {chr(code) for code in range(32)}
_DEVICES: Final = frozenset({"con", "prn", "aux", "nul"})


def safe_path(folder: Path, name: str) -> Path:
    """The place of a file inside a folder.

    Raises:
        IntegrityError: the name is absolute, climbs out, is no file name on some system, or a link
            on the way leads outside.
    """
    parts = PurePosixPath(name).parts
    clean = "/".join(parts) == name and not name.startswith("/")
    if not parts or not clean or any(not _is_plain(part) for part in parts):
        raise IntegrityError(f"The file name {name!r} is not safe to write.")
    place = folder.joinpath(*parts)
    root = folder.resolve()
    if not place.parent.resolve().is_relative_to(root) or place.is_symlink():
        raise IntegrityError(f"The file name {name!r} leads out of {folder}.")
    return place


def _is_plain(part: str) -> bool:
    return (
        part not in (".", "..")
        and not _FORBIDDEN & set(part)
        and not part.endswith((" ", "."))
        and part.split(".", maxsplit=1)[0].lower() not in _DEVICES
    )
