"""Markdown that users write, rendered and made safe: the only way user text becomes HTML.

CommonMark with tables and strike-through; raw HTML is passed to the sanitiser, which keeps an
allow-list of tags, drops every script, style, form and event attribute, and lets links lead only to
http, https and mailto. Pictures are shown only from this marketplace (a gallery's addresses): one
that lies elsewhere becomes a link to it, so that a card cannot tell another server who reads it,
and this server fetches nothing for it.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup
from mdit_py_plugins.tasklists import tasklists_plugin

MAX_CHARACTERS: Final = 200_000
_FRONT_MATTER: Final = re.compile(r"\A---[ \t]*\r?\n.*?\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_TAGS: Final = frozenset(
    {"h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "pre", "code", "em"}
    | {"strong", "s", "del", "sub", "sup", "kbd", "mark", "ul", "ol", "li", "dl", "dt", "dd"}
    | {"a", "img", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "abbr"}
    | {"input"}
)
_ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "th": {"align", "colspan", "rowspan"},
    "td": {"align", "colspan", "rowspan"},
    "ol": {"start"},
    "code": {"class"},
    "input": {"checked"},
    "details": {"open"},
    "abbr": {"title"},
}


def render_markdown(text: str, title: str = "") -> Markup:
    """Markdown to safe HTML; YAML front matter at the top is left out.

    Headings move down one level, for the page has its own `h1`; a first heading that only repeats
    the page's title is left out.
    """
    body = _FRONT_MATTER.sub("", text[:MAX_CHARACTERS], count=1).lstrip()
    first, _, rest = body.partition("\n")
    if title and first.removeprefix("#").strip() == title.strip() and first.startswith("# "):
        body = rest
    return _render(body)


@lru_cache(maxsize=512)
def _render(text: str) -> Markup:
    html = _PARSER.render(text)
    clean = nh3.clean(
        html,
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        clean_content_tags={"script", "style", "template", "iframe", "object", "svg", "math"},
        set_tag_attribute_values={
            "input": {"type": "checkbox", "disabled": ""},
            "pre": {"tabindex": "0"},  # it scrolls sideways, so the keyboard must get there
        },
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow ugc noopener",
        attribute_filter=_keep_attribute,
    )
    clean = _SOURCELESS.sub("", clean)
    numbers = count(1)
    framed = _TABLE.sub(lambda _: _TABLE_OPEN.format(next(numbers)), clean)
    framed = framed.replace("</table>", "</table></div>")
    framed = _NAMELESS_HEAD.sub(r"<td\1></td>", framed)
    return Markup(_with_lower_headings(framed))  # noqa: S704  (nh3 has cleaned it)


def _keep_attribute(tag: str, attribute: str, value: str) -> str | None:
    if tag == "img" and attribute == "src":
        return value if _is_here(value) else None
    if tag == "code" and attribute == "class":
        return value if re.fullmatch(r"language-[\w+-]{1,30}", value) else None
    return value


_TABLE: Final = re.compile("<table>")
_TABLE_OPEN: Final = (
    '<div class="table-scroll" role="group" aria-label="Table {}" tabindex="0"><table>'
)
"""A group and no region: a card with many tables would be a page with many landmarks."""
_NAMELESS_HEAD: Final = re.compile(r"<th((?: [^<>]*)?)>\s*</th>")
"""The corner of a table: no heading, for it names nothing."""
_SOURCELESS: Final = re.compile(r"<img(?![^>]* src=)[^>]*>")
_HEADING: Final = re.compile(r"<(/?)h([1-6])>")


def _with_lower_headings(html: str) -> str:
    """Headings one level down, none of them more than one below the heading before it.

    The first is an `h3` at most: a block of Markdown stands below an `h2` of its page.
    """
    level = 2

    def lowered(match: re.Match[str]) -> str:
        nonlocal level
        if not match[1]:
            level = min(6, int(match[2]) + 1, level + 1)
        return f"<{match[1]}h{level}>"

    return _HEADING.sub(lowered, html)


def _is_here(address: str) -> bool:
    """Whether it is a path at this marketplace."""
    return re.match(r"/(?![/\\])", address) is not None


def _render_image(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    """A picture of this marketplace as one, any other as a link to where it lies."""
    token = tokens[index]
    address = str(token.attrs.get("src", ""))
    if _is_here(address):
        return renderer.image(tokens, index, options, env)
    words = renderer.renderInlineAsText(token.children or [], options, env).strip()
    if not address:
        return escapeHtml(words)
    return f'<a href="{escapeHtml(address)}">{escapeHtml(words or address)} (picture elsewhere)</a>'


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "linkify": False, "typographer": False})
    parser.enable(["table", "strikethrough"])
    tasklists_plugin(parser)
    parser.add_render_rule("image", _render_image)
    return parser


_PARSER: Final = _parser()
