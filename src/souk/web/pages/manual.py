"""The documentation, at `/docs`."""

from litestar import Response, get
from litestar.response import Redirect

from souk.web.manual import contents, read_page
from souk.web.render import Pages
from souk.web.shell import Shell


@get("/docs")
async def manual_index(shell: Shell, pages: Pages) -> Response[str]:
    """Every page of the manual."""
    return pages.answer("pages/manual_index.html", shell, here="/docs", contents=contents())


@get("/docs/errors")
async def error_codes() -> Redirect:
    """Where the `type` of a problem leads; the browser keeps the fragment."""
    return Redirect("/docs/reference/errors.md")


@get("/docs/{section:str}/{name:str}")
async def manual_page(section: str, name: str, shell: Shell, pages: Pages) -> Response[str]:
    """One page of the manual."""
    title, body = read_page(section, name)
    return pages.answer(
        "pages/manual.html",
        shell,
        here=f"/docs/{section}/{name}",
        title=title,
        body=body,
        contents=contents(),
    )


ROUTES = [manual_index, error_codes, manual_page]
