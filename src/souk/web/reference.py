"""The reference pages of the docs, read from their Markdown: in a checkout, or as packaged."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec
from markdown_it import MarkdownIt
from markupsafe import Markup
from mdit_py_plugins.anchors import anchors_plugin

_HERE: Final = Path(__file__).parent
FOLDERS: Final = (_HERE / "docs", _HERE.parents[2] / "docs" / "reference")
"""Where the package carries them, and where a checkout has them."""
FIRST: Final = ("api", "errors", "mp", "settings")
_TABLE: Final = '<div class="table-scroll" role="region" aria-label="Table" tabindex="0"><table>'


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """One page: its name in the address, its title, and its text."""

    name: str
    title: str
    html: Markup


def reference_names() -> list[str]:
    """The pages there are, the most wanted first."""
    found = sorted(path.stem for folder in FOLDERS for path in folder.glob("*.md"))
    names = dict.fromkeys(found)
    return [*(name for name in FIRST if name in names), *(n for n in names if n not in FIRST)]


def reference(name: str) -> Reference | None:
    """A page by its name; None when there is none."""
    if name not in reference_names():
        return None
    path = next(folder / f"{name}.md" for folder in FOLDERS if (folder / f"{name}.md").is_file())
    return _render(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _render(path: Path, _changed_at_ns: int) -> Reference:
    text = path.read_text()
    heading = re.match(r"#\s+(.+)", text)
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.use(anchors_plugin, max_level=4, slug_func=_slug)
    html = parser.render(text[heading.end() :] if heading else text)
    html = re.sub(r'href="([\w-]+)\.md(#[^"]*)?"', r'href="/docs/\1\2"', html)
    html = html.replace("<pre>", '<pre tabindex="0">')
    html = html.replace("<table>", _TABLE).replace("</table>", "</table></div>")
    return Reference(
        name=path.stem,
        title=heading[1].replace("`", "") if heading else path.stem.title(),
        html=Markup(html),  # noqa: S704  (our own text; raw HTML in it is off)
    )


def _slug(title: str) -> str:
    """As code forges make anchors: lower case, words joined by dashes, underscores kept."""
    return re.sub(r"[^\w-]", "", title.strip().lower().replace(" ", "-"))
