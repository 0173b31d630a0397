"""Models on disk: each in a folder of its own, one of them current.

    recommendations/CURRENT        the name of the folder in use, replaced in one step
    recommendations/20260101T…/    listing_ids.npy, factors.npy, …, about.json

Derived from the database: without the folder a new model is trained.
"""

import shutil
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from souk.discovery.recommendations.learnt import Learnt

_CURRENT: Final = "CURRENT"
_ABOUT: Final = "about.json"
_KEPT: Final = 2
FORMAT: Final = 1
"""Raise when the files change shape: an older model is then not read."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a model was learnt from, and with which constants it is to be used."""

    format: int = FORMAT
    version: str
    people: int
    listings: int
    interactions: int
    confidence: float
    regularisation: float
    took_s: float = 0.0


def put(root: Path, learnt: Learnt, about: About) -> None:
    """Writes a model and makes it the current one; older ones but the last go."""
    folder = root / about.version
    part = root / f".{about.version}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for name in Learnt.__struct_fields__:
        np.save(part / f"{name}.npy", getattr(learnt, name), allow_pickle=False)
    (part / _ABOUT).write_bytes(msgspec.json.encode(about))
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    pointer = root / f".{_CURRENT}.part"
    pointer.write_text(about.version)
    pointer.replace(root / _CURRENT)
    _forget_old(root)


def stamp(root: Path) -> tuple[int, ...]:
    """Changes whenever another model becomes current; empty while there is none."""
    try:
        found = (root / _CURRENT).stat()
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_mtime_ns


def take(root: Path) -> tuple[Learnt, About] | None:
    """The current model, its arrays mapped from their files; None when there is none to read."""
    try:
        folder = root / (root / _CURRENT).read_text()
        about = msgspec.json.decode((folder / _ABOUT).read_bytes(), type=About)
        if about.format != FORMAT:
            return None
        arrays = {
            name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            for name in Learnt.__struct_fields__
        }
    except (OSError, ValueError, msgspec.DecodeError):
        return None
    return Learnt(**arrays), about


def _forget_old(root: Path) -> None:
    """A process may still read the last one; files that are mapped live on without a name."""
    folders = sorted(path for path in root.iterdir() if (path / _ABOUT).exists())
    for folder in folders[:-_KEPT]:
        shutil.rmtree(folder, ignore_errors=True)
