"""The picture of the marketplace where one of its pages is shared: its name on a field of stars."""

from functools import lru_cache
from io import BytesIO
from math import cos, pi, sin
from typing import Final

from PIL import Image, ImageDraw, ImageFont

WIDTH: Final = 1200
HEIGHT: Final = 630
"""The size that Open Graph pictures are shown at."""
SCALE: Final = 2
"""Drawn larger and shrunk, so that edges are smooth."""
_CELL: Final = 150
_GROUND: Final = "#1d2146"
_ACCENT: Final = "#f0ad38"
_TEXT: Final = "#f7f1e6"


@lru_cache(maxsize=4)
def share_picture(name: str, primary: str, accent: str) -> bytes:
    """A PNG of 1200 by 630; colours as `#rrggbb`, empty for the usual ones."""
    picture = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), primary or _GROUND)
    pattern = Image.new("L", picture.size, 0)
    draw = ImageDraw.Draw(pattern)
    for row in range(HEIGHT // _CELL + 2):
        for column in range(WIDTH // _CELL + 1):
            middle = (column * _CELL + _CELL / 2, row * _CELL + _CELL / 4)
            draw.line(_star(*middle, _CELL * 0.46), fill=34, width=3 * SCALE, joint="curve")
            draw.polygon(_star(*middle, _CELL * 0.2), fill=22)
    picture.paste(_TEXT, mask=pattern)
    draw = ImageDraw.Draw(picture)
    draw.polygon(_star(WIDTH / 2, 215, 96), fill=accent or _ACCENT)
    draw.polygon(_star(WIDTH / 2, 215, 46), fill=primary or _GROUND)
    if not name.isascii():  # the font at hand has no other letters for sure
        name = ""
    size = min(150, round(1500 / max(len(name), 1)))
    font = ImageFont.load_default(size * SCALE)
    draw.text((WIDTH * SCALE / 2, 425 * SCALE), name, font=font, fill=_TEXT, anchor="mm")
    file = BytesIO()
    picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(file, "PNG", optimize=True)
    return file.getvalue()


def _star(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    """The corners of an eight-pointed star, two squares over each other; the first comes twice."""
    inner = radius * cos(pi / 4) / cos(pi / 8)
    corners = []
    for at in range(17):
        reach = radius if at % 2 == 0 else inner
        angle = at * pi / 8
        corners.append(((x + reach * cos(angle)) * SCALE, (y + reach * sin(angle)) * SCALE))
    return corners
