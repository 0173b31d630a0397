"""Zellij tiles: the picture of a listing that brings none, drawn from its name.

The same name always gives the same tile. Pure geometry: one of five old patterns, in the colours of
the listing's kind, with a few saffron pieces where the name's hash says so.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from hashlib import sha256
from math import cos, pi, sin
from typing import Final

import msgspec

WIDTH: Final = 480.0
HEIGHT: Final = 160.0
SAFFRON: Final = "#f0ad38"
PLASTER: Final = "#f7f1e6"


class Palette(msgspec.Struct, frozen=True):
    """Ground, piece, lighter piece."""

    ground: str
    piece: str
    light: str


PALETTES: Final = {
    "model": Palette("#22338f", "#3a50c4", "#8fa2ee"),
    "dataset": Palette("#0e4d40", "#197a65", "#7cc7b0"),
    "api": Palette("#5c1a55", "#8b3382", "#d294c8"),
    "plugin": Palette("#7a4307", "#b3690f", "#edc98f"),
    "design": Palette("#7d1a37", "#b53a58", "#eba0b0"),
    "template": Palette("#0d4a58", "#1b7689", "#84c6d3"),
    "material": Palette("#6e2f16", "#a54f2a", "#e3aa8b"),
    "agent": Palette("#40217f", "#6440b4", "#b9a3ec"),
    "compute": Palette("#252f49", "#475575", "#a3b0cb"),
}


class _Dice:
    """Numbers from a hash, always the same for the same seed."""

    def __init__(self, seed: str) -> None:
        self._block = sha256(seed.encode()).digest()
        self._at = 0

    def roll(self, sides: int) -> int:
        if self._at == len(self._block):
            self._block = sha256(self._block).digest()
            self._at = 0
        self._at += 1
        return self._block[self._at - 1] % sides


@lru_cache(maxsize=2048)
def tile(kind: str, seed: str) -> str:
    """An SVG document of 480 × 160 for a listing of this kind with this name."""
    palette = PALETTES.get(kind, PALETTES["compute"])
    dice = _Dice(f"{kind}/{seed}")
    draw = _PATTERNS[dice.roll(len(_PATTERNS))]
    sheet = _Sheet()
    draw(sheet, palette, dice)
    return _document(palette.ground, sheet.svg(), WIDTH, HEIGHT)


@lru_cache(maxsize=4)
def hero() -> str:
    """The large star pattern behind the home page's headline, fading out to the left."""
    width, height = 1440, 560
    palette = Palette("#1d2146", "#2c3270", "#4a54a8")
    sheet = _Sheet()
    _stars(sheet, palette, _Dice("souk"), width=width, height=height, cell=112, rare=9)
    fade = (
        '<linearGradient id="f"><stop offset=".38" stop-color="#000"/>'
        '<stop offset="1" stop-color="#fff"/></linearGradient>'
        f'<mask id="m"><rect width="{width}" height="{height}" fill="url(#f)"/></mask>'
    )
    return _document(None, f'<defs>{fade}</defs><g mask="url(#m)">{sheet.svg()}</g>', width, height)


def _document(ground: str | None, inner: str, width: float, height: float) -> str:
    back = f'<rect width="{width:g}" height="{height:g}" fill="{ground}"/>' if ground else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
        f' preserveAspectRatio="xMidYMid slice">{back}{inner}</svg>'
    )


def _star(radius: float, points: int = 8, turn: float = 0.0) -> str:
    """The outline of a star made of overlapping squares (8 points) or triangles (6)."""
    inner = radius * cos(2 * pi / points) / cos(pi / points)
    reaches = [radius if step % 2 == 0 else inner for step in range(points * 2)]
    return _outline([(reach, turn + pi * step / points) for step, reach in enumerate(reaches)])


def _regular(radius: float, sides: int, turn: float = 0.0) -> str:
    return _outline([(radius, turn + 2 * pi * step / sides) for step in range(sides)])


def _disc(radius: float) -> str:
    size = f"{radius:.1f}"
    return (
        f"M-{size} 0a{size} {size} 0 1 0 {2 * radius:.1f} 0a{size} {size} 0 1 0-{2 * radius:.1f} 0z"
    )


def _outline(corners: list[tuple[float, float]]) -> str:
    places = (f"{reach * cos(angle):.1f} {reach * sin(angle):.1f}" for reach, angle in corners)
    return f"M{'L'.join(places)}z"


class _Sheet:
    """Pieces laid on a ground; each shape is written once and then only used."""

    def __init__(self) -> None:
        self._shapes: dict[str, str] = {}
        self._uses: list[str] = []

    def lay(self, points: str, x: float, y: float, fill: str) -> None:
        name = self._shapes.setdefault(points, f"s{len(self._shapes)}")
        self._uses.append(f'<use href="#{name}" x="{x:.1f}" y="{y:.1f}" fill="{fill}"/>')

    def svg(self) -> str:
        shapes = "".join(f'<path id="{name}" d="{path}"/>' for path, name in self._shapes.items())
        return f"<defs>{shapes}</defs>{''.join(self._uses)}"


def _cells(
    width: float, height: float, cell: float, *, rise: float = 0.0, shift: float = 0.0
) -> Iterator[tuple[float, float]]:
    """The centres of a grid; odd rows are moved by `shift`, rows are `rise` apart."""
    rise = rise or cell
    for row in range(int(height // rise) + 2):
        for column in range(int(width // cell) + 2):
            yield column * cell + (shift if row % 2 else 0.0), row * rise


def _stars(
    sheet: _Sheet,
    palette: Palette,
    dice: _Dice,
    *,
    width: float = WIDTH,
    height: float = HEIGHT,
    cell: float = 53.4,
    rare: int = 7,
) -> None:
    """Stars and crosses: eight-pointed stars that touch at their tips."""
    star, ring = _star(cell / 2), _star(cell / 3.4, turn=pi / 8)
    heart, jewel = _star(cell / 5), _regular(cell / 9, 4)
    for x, y in _cells(width, height, cell):
        chosen = dice.roll(rare)
        fill = SAFFRON if chosen == 0 else palette.piece
        sheet.lay(star, x, y, fill)
        sheet.lay(ring, x, y, palette.ground)
        sheet.lay(heart, x, y, palette.light if chosen > 2 else fill)
        sheet.lay(jewel, x + cell / 2, y + cell / 2, palette.light if chosen > 3 else fill)


def _octagons(sheet: _Sheet, palette: Palette, dice: _Dice) -> None:
    """Octagons with small squares between them."""
    cell = 45.7
    radius = cell / 2 / cos(pi / 8) * 0.95
    outer, inner = _regular(radius, 8, pi / 8), _regular(radius * 0.68, 8, pi / 8)
    heart, square = _regular(radius * 0.36, 4), _regular(cell * 0.13, 4)
    for x, y in _cells(WIDTH, HEIGHT, cell):
        chosen = dice.roll(8)
        sheet.lay(outer, x, y, palette.piece)
        sheet.lay(inner, x, y, palette.ground)
        sheet.lay(heart, x, y, SAFFRON if chosen == 0 else palette.light)
        sheet.lay(square, x + cell / 2, y + cell / 2, palette.light)


def _hexagons(sheet: _Sheet, palette: Palette, dice: _Dice) -> None:
    """Six-pointed stars on a triangular grid."""
    cell = 48.0
    star, ring = _star(cell * 0.5, 6, pi / 6), _regular(cell * 0.2, 6, pi / 6)
    heart = _regular(cell * 0.09, 6)
    for x, y in _cells(WIDTH, HEIGHT, cell, rise=cell * 0.866, shift=cell / 2):
        chosen = dice.roll(8)
        fill = SAFFRON if chosen == 0 else (palette.piece if chosen < 6 else palette.light)
        sheet.lay(star, x, y, fill)
        sheet.lay(ring, x, y, palette.ground)
        sheet.lay(heart, x, y, PLASTER)


def _fans(sheet: _Sheet, palette: Palette, dice: _Dice) -> None:
    """Scales: rows of arches, one leaning on the next."""
    cell = 53.4
    half = cell / 2
    edge, outer, inner, heart = (_disc(half * reach) for reach in (0.98, 0.9, 0.62, 0.36))
    for x, y in _cells(WIDTH, HEIGHT + cell, cell, rise=half * 0.75, shift=half):
        chosen = dice.roll(10)
        fill = SAFFRON if chosen == 0 else (palette.light if chosen < 3 else palette.piece)
        sheet.lay(edge, x, y, palette.ground)
        sheet.lay(outer, x, y, fill)
        sheet.lay(inner, x, y, palette.ground)
        sheet.lay(heart, x, y, fill)


def _lattice(sheet: _Sheet, palette: Palette, dice: _Dice) -> None:
    """Squares on their corners with a star in each."""
    cell = 53.4
    square, ring, star = _regular(cell * 0.48, 4), _regular(cell * 0.4, 4), _star(cell * 0.21)
    heart = _star(cell * 0.1)
    for shift in (0.0, cell / 2):
        for x, y in _cells(WIDTH, HEIGHT, cell):
            chosen = dice.roll(9)
            fill = SAFFRON if chosen == 0 else (palette.light if chosen < 4 else palette.piece)
            sheet.lay(square, x + shift, y + shift, palette.piece)
            sheet.lay(ring, x + shift, y + shift, palette.ground)
            sheet.lay(star, x + shift, y + shift, fill)
            sheet.lay(heart, x + shift, y + shift, palette.ground)


Draw = Callable[[_Sheet, Palette, _Dice], None]
_PATTERNS: Final[tuple[Draw, ...]] = (_stars, _octagons, _hexagons, _fans, _lattice)
