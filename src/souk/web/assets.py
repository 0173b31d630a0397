"""The built islands and styles: which files a page loads, and the icons drawn into it."""

from pathlib import Path
from typing import Final

import msgspec
from markupsafe import Markup

DIST: Final = Path(__file__).parent / "static" / "dist"
STATIC_PATH: Final = "/static/dist/"
ENTRY: Final = "src/main.ts"
PRELOADED_FONTS: Final = ("instrument-sans-latin-wght-normal", "bricolage-grotesque-latin-wght")


class AssetsMissing(Exception):
    """The pages were not built; the message says how to build them."""


class _Chunk(msgspec.Struct, frozen=True):
    file: str
    css: tuple[str, ...] = ()


class Assets(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses under `/static/dist/`; every name carries a hash of its content."""

    script: str
    styles: tuple[str, ...]
    fonts: tuple[str, ...]
    icons: dict[str, str]

    def icon(self, name: str, *, css: str = "icon") -> Markup:
        """An icon drawn in the page itself, hidden from screen readers."""
        inner = self.icons[name]
        return Markup(  # noqa: S704  (inner is from our own build)
            f'<svg class="{Markup.escape(css)}" viewBox="0 0 24 24" fill="none"'
            ' stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'
            f' aria-hidden="true">{inner}</svg>'
        )

    def symbol(self, name: str) -> Markup:
        """The same icon as a `<symbol>`, for scripts to refer to as `#i-name`."""
        return Markup(  # noqa: S704
            f'<symbol id="i-{Markup.escape(name)}" viewBox="0 0 24 24" fill="none"'
            ' stroke="currentColor" stroke-linecap="round" stroke-linejoin="round">'
            f"{self.icons[name]}</symbol>"
        )


def load_assets(dist: Path = DIST) -> Assets:
    """Reads what Vite wrote.

    Raises:
        AssetsMissing: when the islands were not built.
    """
    try:
        manifest = msgspec.json.decode(
            (dist / "manifest.json").read_bytes(), type=dict[str, _Chunk], strict=True
        )
        icons = msgspec.json.decode((dist / "icons.json").read_bytes(), type=dict[str, str])
    except FileNotFoundError as error:
        raise AssetsMissing(
            f"{error.filename} is not there; run `npm ci && npm run build` in the folder web/."
        ) from error
    entry = manifest[ENTRY]
    fonts = [
        chunk.file
        for name, chunk in sorted(manifest.items())
        if name.endswith(".woff2") and any(font in name for font in PRELOADED_FONTS)
    ]
    return Assets(
        script=STATIC_PATH + entry.file,
        styles=tuple(STATIC_PATH + file for file in entry.css),
        fonts=tuple(STATIC_PATH + file for file in fonts),
        icons=icons,
    )
