"""QR codes (ISO/IEC 18004), for screens and for paper."""

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # slow to import, and few requests draw a code
    import segno

_QUIET = 4
"""The empty border that readers need, in modules."""


def qr_svg(text: str) -> str:
    """The code as an SVG that scales; black on white in every theme, since readers need that."""
    file = BytesIO()
    _code(text).save(
        file, kind="svg", xmldecl=False, border=_QUIET, dark="#000", light="#fff", omitsize=True
    )
    return file.getvalue().decode()


def qr_modules(text: str) -> tuple[int, Iterator[tuple[int, int]]]:
    """How many modules a side has with the quiet border, and the places (x, y from above) of the
    dark ones."""
    rows = tuple(_code(text).matrix)
    dark = (
        (x + _QUIET, y + _QUIET)
        for y, row in enumerate(rows)
        for x, module in enumerate(row)
        if module
    )
    return len(rows) + 2 * _QUIET, dark


def _code(text: str) -> "segno.QRCode":
    import segno  # noqa: PLC0415

    return segno.make_qr(text, error="m")
