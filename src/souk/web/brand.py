"""Whose market it is: name, colours and logo, checked at start and dressed over every page.

The colours stand over the tokens of both themes in `/theme.css`. A colour that nobody could read is
refused; the text on it is black or white, whichever reads better.
"""

import re
import struct
from collections.abc import Mapping
from hashlib import sha256
from math import cos, pi, sin
from pathlib import Path
from typing import Final

import msgspec

from souk.infra.settings import SettingsError
from souk.web.colours import (
    Linear,
    contrast,
    from_oklab,
    lightness_of,
    mix,
    parse_hex,
    to_hex,
    with_lightness,
)
from souk.web.settings import BrandSettings

READABLE: Final = 4.5
"""The contrast that running text needs (WCAG 2.2, 1.4.3)."""
MAX_LOGO_BYTES: Final = 256 * 1024
LOGO_HEIGHT: Final = 32
"""In CSS pixels; the width follows the picture, up to `MAX_LOGO_WIDTH`."""
MAX_LOGO_WIDTH: Final = 160
TINT: Final = 0.12
"""The largest share of the primary colour in a ground that bears text of that colour."""
WHITE: Final = (1.0, 1.0, 1.0)
BLACK: Final = (0.0, 0.0, 0.0)
_PNG: Final = b"\x89PNG\r\n\x1a\n"


class Ground(msgspec.Struct, frozen=True):
    """What a theme's text stands on: `--color-base-100` and `--color-base-200`."""

    panel: Linear
    page: Linear


class Logo(msgspec.Struct, frozen=True, kw_only=True):
    """A picture for the header, with the size it takes there in CSS pixels."""

    media_type: str
    content: bytes
    width: int
    height: int
    path: str
    """Its address; it holds a hash of the content."""


class Brand(msgspec.Struct, frozen=True, kw_only=True):
    """What pages show of it."""

    name: str = "Souk"
    primary: str = ""
    """`#rrggbb`, or empty for the market's usual colours."""
    accent: str = ""
    css: str = ""
    """What `/theme.css` says; empty when the usual colours are kept."""
    theme_path: str = ""
    logo: Logo | None = None


SOUK: Final = Brand()


def _grounds(
    lightness: tuple[float, float], chroma: tuple[float, float], hue: tuple[float, float]
) -> Ground:
    return Ground(
        *(
            from_oklab(light, vivid * cos(at * pi / 180), vivid * sin(at * pi / 180))
            for light, vivid, at in zip(lightness, chroma, hue, strict=True)
        )
    )


def day() -> Ground:
    """As web/src/styles/theme.css says."""
    return _grounds((0.994, 0.972), (0.003, 0.007), (85, 82))


def night() -> Ground:
    """As web/src/styles/theme.css says."""
    return _grounds((0.225, 0.185), (0.028, 0.026), (274, 274))


def brand_of(settings: BrandSettings) -> Brand:
    """The brand that the settings ask for.

    Raises:
        SettingsError: a colour is misspelt or unreadable, or the logo is no picture.
    """
    by_day: dict[str, str] = {}
    by_night: dict[str, str] = {}
    if settings.primary:
        primary = _colour("SOUK_BRAND_PRIMARY", settings.primary)
        _check_readable("SOUK_BRAND_PRIMARY", primary)
        by_day |= _with_text("primary", primary)
        by_night |= _with_text("primary", _lightened(primary))
    if settings.accent:
        accent = _with_text("accent", _colour("SOUK_BRAND_ACCENT", settings.accent))
        by_day |= accent
        by_night |= accent
    css = _css(by_day, by_night) if by_day else ""
    return Brand(
        name=settings.name,
        primary=settings.primary.lower(),
        accent=settings.accent.lower(),
        css=css,
        theme_path=f"/theme.css?v={_short_hash(css.encode())}" if css else "",
        logo=_logo(Path(settings.logo)) if settings.logo else None,
    )


def readable_on(ground: Linear) -> Linear:
    """Black or white, whichever reads better; one of them always reaches 4.5:1."""
    return max(WHITE, BLACK, key=lambda text: contrast(text, ground))


def _colour(variable: str, text: str) -> Linear:
    try:
        return parse_hex(text)
    except ValueError as error:
        raise SettingsError(f"{variable}: {error}, for example #1f4f8f.") from error


def _reach(colour: Linear, ground: Ground) -> float:
    """The least contrast that text of this colour has anywhere on the pages."""
    tinted = mix(colour, ground.panel, TINT)
    return min(contrast(colour, under) for under in (ground.panel, ground.page, tinted))


def _check_readable(variable: str, colour: Linear) -> None:
    ground = day()
    reached = _reach(colour, ground)
    if reached >= READABLE:
        return
    darker = colour
    while _reach(parse_hex(to_hex(darker)), ground) < READABLE:  # as it would be written
        darker = with_lightness(colour, lightness_of(darker) - 0.01)
    raise SettingsError(
        f"{variable}: {to_hex(colour)} cannot be read as a link on the light page: its contrast is "
        f"{reached:.1f}:1 and must be {READABLE}:1; {to_hex(darker)} would do."
    )


def _lightened(colour: Linear) -> Linear:
    """The colour as light as it must be to be read by night."""
    ground = night()
    lightness = max(lightness_of(colour), 0.7)
    lighter = with_lightness(colour, lightness)
    while _reach(lighter, ground) < READABLE and lightness < 1:
        lightness += 0.01
        lighter = with_lightness(colour, lightness)
    return lighter


def _with_text(token: str, colour: Linear) -> dict[str, str]:
    return {
        f"--color-{token}": to_hex(colour),
        f"--color-{token}-content": to_hex(readable_on(colour)),
    }


def _css(by_day: Mapping[str, str], by_night: Mapping[str, str]) -> str:
    """Rules outside every layer, which therefore stand over those of the built styles."""
    light = "".join(f"{name}:{value};" for name, value in by_day.items())
    dark = "".join(f"{name}:{value};" for name, value in by_night.items())
    return (
        f":root,[data-theme=day]{{{light}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme]){{{dark}}}}}\n"
        f"[data-theme=night]{{{dark}}}\n"
    )


def _logo(path: Path) -> Logo:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"SOUK_BRAND_LOGO: {path} cannot be read: {error.strerror}.") from error
    if len(content) > MAX_LOGO_BYTES:
        raise SettingsError(
            f"SOUK_BRAND_LOGO: {path} has {len(content)} bytes; {MAX_LOGO_BYTES} are the most."
        )
    size, kind = _png_size(content), "png"
    if size is None:
        size, kind = _svg_size(content), "svg"
    if size is None or min(size) <= 0:
        raise SettingsError(
            f"SOUK_BRAND_LOGO: {path} is no PNG, and no SVG with a viewBox; save it as one of them."
        )
    width = size[0] / size[1] * LOGO_HEIGHT
    shrink = min(1.0, MAX_LOGO_WIDTH / width)
    return Logo(
        media_type="image/png" if kind == "png" else "image/svg+xml",
        content=content,
        width=max(1, round(width * shrink)),
        height=max(1, round(LOGO_HEIGHT * shrink)),
        path=f"/logo.{kind}?v={_short_hash(content)}",
    )


def _png_size(content: bytes) -> tuple[float, float] | None:
    """Width and height from its first chunk (PNG, third edition, 11.2.1)."""
    if not content.startswith(_PNG) or content[12:16] != b"IHDR" or len(content) < 24:
        return None
    width, height = struct.unpack(">II", content[16:24])
    return float(width), float(height)


def _svg_size(content: bytes) -> tuple[float, float] | None:
    """Width and height of its viewBox."""
    root = re.search(rb"<svg\b[^>]*>", content)
    numbers = root and re.search(rb"viewBox\s*=\s*[\"']([-+0-9.eE,\s]+)[\"']", root[0])
    if not numbers:
        return None
    try:
        box = [float(number) for number in re.split(rb"[\s,]+", numbers[1].strip())]
    except ValueError:
        return None
    return (box[2], box[3]) if len(box) == 4 else None


def _short_hash(content: bytes) -> str:
    return sha256(content).hexdigest()[:12]
