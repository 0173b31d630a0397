"""What the making child is asked, and what it tells its parent."""

import msgspec


class TextJob(msgspec.Struct, frozen=True, kw_only=True, tag="text"):
    """Codings of a text, minified before where it has a kind."""

    minify: str
    """`html`, `css`, `js`, `svg`; not at all when empty."""
    prefix: str
    """What the names of its forms begin with."""


class PictureJob(msgspec.Struct, frozen=True, kw_only=True, tag="picture"):
    """One variant of a picture."""

    recipe: str
    width: int
    """0: as wide as it is."""
    form: str
    quality: int
    max_pixels: int


Job = TextJob | PictureJob


class MadeFile(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one recipe; without a name nothing that is better than the source."""

    recipe: str
    name: str | None
    """The file's name in the child's folder."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a job."""

    made: list[MadeFile] = []
    problem: str = ""
    """Why nothing could be made of it."""
