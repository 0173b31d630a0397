"""Every template compiles, names only icons that exist, and keeps to the content policy."""

import re
from datetime import UTC, datetime

import pytest
from jinja2 import Environment, FileSystemLoader, nodes

from souk.kernel.actor import ANONYMOUS
from souk.web import specimens
from souk.web.assets import Assets
from souk.web.front import Fresh
from souk.web.pages.design import parts
from souk.web.render import TEMPLATES, Pages
from souk.web.shell import Shell

NAMES = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))
ICONS = re.compile(r'"([a-z0-9-]+)"', re.MULTILINE)


def shell(**changes: object) -> Shell:
    fields: dict[str, object] = {
        "actor": ANONYMOUS,
        "now": datetime(2026, 11, 21, 12, tzinfo=UTC),
        "path": "/_design",
        "csrf_token": "token",
    }
    return Shell(**(fields | changes))  # type: ignore[arg-type]  # a test's own choice of fields


@pytest.fixture(scope="module")
def pages() -> Pages:
    names = (TEMPLATES.parents[3] / "web" / "icons.ts").read_text()
    icons = dict.fromkeys(ICONS.findall(names), "<path/>")
    return Pages(Assets(script="/s.js", styles=("/s.css",), fonts=(), icons=icons))


def test_the_gallery_draws_every_part(pages: Pages) -> None:
    html = pages.text("pages/design.html", shell(), parts())
    assert "This is no e-mail address." in html
    assert "calls os.system while it is loaded" in html
    assert "Being placed in the log" in html
    assert "The marketplace ran it again on" in html
    assert "Verified buyer" in html


def test_a_name_that_looks_like_html_is_shown_as_text(pages: Pages) -> None:
    item = specimens.summary(title='<b onmouseover="x">Bold</b>')
    html = pages.text(
        "pages/home.html",
        shell(),
        {
            "tries": (),
            "recommended_works": [],
            "trending": [],
            "popular": [],
            "fresh": Fresh(
                newest=[item],
                featured=[],
                shelves=[],
                kind_counts={},
                categories=[("<i>odd</i>", 1)],
                total=1,
                index_ready=True,
            ),
        },
    )
    assert "<i>odd" not in html
    assert "&lt;b onmouseover=&#34;x&#34;&gt;Bold&lt;/b&gt;" in html


@pytest.mark.parametrize("name", NAMES)
def test_a_template_keeps_to_the_content_policy(name: str) -> None:
    text = (TEMPLATES / name).read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "no inline script"
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|hx-on|javascript:", text)
    assert not re.search(r'(?:src|href)="https?://', text), "everything is served from here"


@pytest.mark.parametrize("name", NAMES)
def test_every_form_that_changes_something_carries_the_token(name: str) -> None:
    for form in re.findall(
        r"<form\b[^>]*method=\"post\".*?</form>", (TEMPLATES / name).read_text(), re.S
    ):
        assert re.search(r"\b(once_)?keys\(\)", form), form[:120]


@pytest.mark.parametrize("name", NAMES)
def test_every_icon_named_is_in_the_sheet(name: str, pages: Pages) -> None:
    source = (TEMPLATES / name).read_text()
    tree = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True).parse(source)
    known = set(ICONS.findall((TEMPLATES.parents[3] / "web" / "icons.ts").read_text()))
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in ("icon", "symbol"):
            argument = call.args[0]
            if isinstance(argument, nodes.Const):
                assert argument.value in known, f"{argument.value} is missing in web/icons.ts"
