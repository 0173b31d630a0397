"""The docs: the reference that comes with this version."""

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.response import Redirect

from souk.web.pages.addresses import see_other
from souk.web.reference import reference, reference_names
from souk.web.render import Pages
from souk.web.shell import Shell


@get("/docs", opt={"transaction": "own"})
async def docs() -> Redirect:
    """The first page."""
    names = reference_names()
    if not names:
        raise NotFoundException
    return see_other(f"/docs/{names[0]}")


@get("/docs/{name:str}")
async def reference_page(name: str, shell: Shell, pages: Pages) -> Response[str]:
    """One page of the reference; problem types point to `/docs/errors#code`."""
    page = reference(name)
    if page is None:
        raise NotFoundException
    known = [found for other in reference_names() if (found := reference(other))]
    return pages.answer("pages/docs.html", shell, page=page, all_pages=known)


ROUTES = [docs, reference_page]
