"""Colours as numbers: contrast after WCAG 2.2, mixing and lightening in Oklab.

Oklab is Björn Ottosson's (2020), as CSS Color 4 takes it over.
"""

import re
from typing import Final

Linear = tuple[float, float, float]
"""Red, green and blue in proportion to light, each 0 to 1."""
_HEX: Final = re.compile(r"#[0-9a-fA-F]{6}")


def parse_hex(text: str) -> Linear:
    """`#rrggbb` as light.

    Raises:
        ValueError: when it is written otherwise.
    """
    if _HEX.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no colour of the form #rrggbb")
    red, green, blue = (_to_linear(int(text[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return red, green, blue


def to_hex(colour: Linear) -> str:
    """As `#rrggbb`, what screens cannot show cut off."""
    return "#" + "".join(f"{round(_from_linear(part) * 255):02x}" for part in colour)


def contrast(one: Linear, other: Linear) -> float:
    """From 1 (the same) to 21 (black and white); running text needs 4.5 (WCAG 2.2, 1.4.3)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mix(one: Linear, other: Linear, share: float) -> Linear:
    """`color-mix(in oklab, one share, other)`; the share is 0 to 1."""
    pairs = zip(_to_oklab(one), _to_oklab(other), strict=True)
    lightness, a, b = (share * left + (1 - share) * right for left, right in pairs)
    return from_oklab(lightness, a, b)


def with_lightness(colour: Linear, lightness: float) -> Linear:
    """The same hue, lighter or darker, less vivid where screens could not show it."""
    _, a, b = _to_oklab(colour)
    for step in range(21):
        vivid = 1 - step / 20
        found = from_oklab(lightness, a * vivid, b * vivid)
        if all(-0.001 <= part <= 1.001 for part in found):
            break
    return found


def lightness_of(colour: Linear) -> float:
    """How light it looks, 0 to 1."""
    return _to_oklab(colour)[0]


def from_oklab(lightness: float, a: float, b: float) -> Linear:
    """Oklab as light; parts outside 0 to 1 are colours that screens cannot show."""
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _to_oklab(colour: Linear) -> tuple[float, float, float]:
    red, green, blue = colour
    long = _cube_root(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = _cube_root(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = _cube_root(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _cube_root(value: float) -> float:
    return float(max(value, 0.0) ** (1 / 3))


def _luminance(colour: Linear) -> float:
    red, green, blue = (min(max(part, 0.0), 1.0) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _to_linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _from_linear(part: float) -> float:
    part = min(max(part, 0.0), 1.0)
    return part * 12.92 if part <= 0.0031308 else float(1.055 * part ** (1 / 2.4) - 0.055)
