"""Which variant of a picture a request asks for. Pure."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from souk.delivery.assets.errors import WishInvalid

WIDTHS: Final = (16, 32, 64, 96, 128, 160, 240, 320, 480, 640, 800, 960, 1280, 1600, 1920, 2560)
"""Pixels; another width gets the next larger of these."""
QUALITIES: Final = (40, 50, 60, 70, 80, 90)
DEFAULT_QUALITY: Final = 80
PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/avif"})
_MODERN: Final[tuple[tuple[str, "Form"], ...]] = (("image/avif", "avif"), ("image/webp", "webp"))

Form = Literal["avif", "webp", "jpeg", "png"]
FORMS: Final[frozenset[str]] = frozenset({"avif", "webp", "jpeg", "png"})


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A variant."""

    width: int
    """0: as wide as it is."""
    form: Form
    quality: int
    by_accept: bool
    """Whether another Accept header would have got another variant."""

    @property
    def recipe(self) -> str:
        """Its name among what is made of one content."""
        return f"w{self.width}.{self.form}.q{self.quality}"

    @property
    def media_type(self) -> str:
        return f"image/{self.form}"


def wish_of(query: Mapping[str, str], *, accept: str | None, own_type: str) -> Wish | None:
    """The variant of a request, or None for the picture as it is.

    `w` (width), `format` (avif, webp, jpeg, png, auto) and `q` (quality, 1 to 100) ask for one;
    others belong to whoever made the address. Width and quality are taken to the next step, so
    that nobody can have a million variants made.

    Raises:
        Invalid: `variant_invalid`.
    """
    width, quality, form = query.get("w"), query.get("q"), query.get("format")
    if width is None and quality is None and form is None:
        return None
    chosen, by_accept = _form(form, accept=accept, own_type=own_type)
    return Wish(
        width=0 if width is None else _step(_number("w", width, most=10_000), WIDTHS),
        form=chosen,
        quality=DEFAULT_QUALITY
        if quality is None
        else _step(_number("q", quality, most=100), QUALITIES),
        by_accept=by_accept,
    )


def _form(form: str | None, *, accept: str | None, own_type: str) -> tuple[Form, bool]:
    if form in {None, "auto"}:
        for media_type, modern in _MODERN:
            if media_type in (accept or ""):
                return modern, True
        return ("png" if own_type == "image/png" else "jpeg"), True
    if form not in FORMS:
        raise WishInvalid("`format` is avif, webp, jpeg, png or auto.")
    return msgspec.convert(form, Form), False


def _number(name: str, text: str, *, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and 1 <= int(text) <= most):
        raise WishInvalid(f"`{name}` is a whole number from 1 to {most}.")
    return int(text)


def _step(number: int, steps: tuple[int, ...]) -> int:
    return next((step for step in steps if step >= number), steps[-1])
