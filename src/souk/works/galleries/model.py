"""The rules of galleries."""

from typing import Final

import msgspec

from souk.works.galleries.errors import AltMissing

MAX_IMAGES: Final = 12
MAX_ALT: Final = 300
WIDTHS: Final = (320, 640, 1280)
"""Widths in pixels that a picture is kept in; one that is narrower is never blown up."""


class Variant(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A picture in one width."""

    width: int
    height: int
    size_bytes: int
    sha256: str


class ServedVariant(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent for an address."""

    sha256: str
    size_bytes: int
    is_public: bool
    """Whether everybody may see it, so that shared caches may keep it."""


def check_alt(text: str) -> str:
    """What the picture shows, on one line.

    Raises:
        Invalid: `alt_missing`.
    """
    words = " ".join(text.split())
    if not words or len(words) > MAX_ALT or not words.isprintable():
        raise AltMissing()
    return words


def sizes_of(width: int, height: int) -> list[tuple[int, int]]:
    """The sizes a picture is kept in, smallest first: at most its own, at most twice as high as
    the width asked for.
    """
    sizes = []
    for wanted in WIDTHS:
        factor = min(1.0, wanted / width, 2 * wanted / height)
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        if size not in sizes:
            sizes.append(size)
    return sizes
