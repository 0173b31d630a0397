"""The documentation as pages: the same Markdown files that stand in the repository."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec
from markdown_it import MarkdownIt
from markupsafe import Markup
from mdit_py_plugins.anchors import anchors_plugin

from souk.kernel.errors import NotFound

_FOLDER: Final = Path(__file__).parent / "docs"
"""A link to the repository's `docs`; a wheel has the files themselves."""
SECTIONS: Final = {
    "guides": "Guides",
    "reference": "Reference",
    "decisions": "Decisions",
}
_NAME: Final = re.compile(r"[a-z0-9-]{1,80}\.md")


class ManualPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the manual."""

    path: str
    """`reference/errors.md`."""
    title: str


@lru_cache(maxsize=1)
def contents() -> dict[str, list[ManualPage]]:
    """Every page by section, in the order of their names."""
    return {
        label: [
            ManualPage(path=f"{section}/{path.name}", title=_title_of(path))
            for path in sorted((_FOLDER / section).glob("*.md"))
        ]
        for section, label in SECTIONS.items()
    }


@lru_cache(maxsize=64)
def read_page(section: str, name: str) -> tuple[str, Markup]:
    """A page's title and its body as HTML; the files are our own, so nothing is taken out.

    Raises:
        NotFound: `page_unknown`.
    """
    path = _FOLDER / section / name
    if section not in SECTIONS or not _NAME.fullmatch(name) or not path.is_file():
        raise NotFound("page_unknown", "The manual has no such page; /docs lists them all.")
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.use(anchors_plugin, max_level=4, slug_func=_slug)
    return _title_of(path), Markup(parser.render(path.read_text()))  # noqa: S704  # our own files


def _slug(heading: str) -> str:
    """Codes keep their underscores, so that an error's `type` leads to its place."""
    return re.sub(r"[^a-z0-9_]+", "-", heading.lower()).strip("-")


def _title_of(path: Path) -> str:
    first = path.read_text().partition("\n")[0]
    return first.removeprefix("# ").strip() or path.stem
