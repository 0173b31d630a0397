"""The docs: the reference that comes with this version."""

from typing import Final

from litestar import Litestar, Response, get
from litestar.exceptions import NotFoundException
from litestar.response import Redirect

from souk.web.forms import PageRequest
from souk.web.operations import OperationGroup, operation_groups
from souk.web.pages.addresses import see_other
from souk.web.reference import reference, reference_names
from souk.web.render import Pages
from souk.web.shell import Shell

API: Final = "api"
"""The page that lists every operation."""


@get("/docs", opt={"transaction": "own"})
async def docs() -> Redirect:
    """The first page."""
    names = reference_names()
    if not names:
        raise NotFoundException
    return see_other(f"/docs/{names[0]}")


@get("/docs/{name:str}")
async def reference_page(
    name: str, request: PageRequest, shell: Shell, pages: Pages
) -> Response[str]:
    """One page of the reference; problem types point to `/docs/errors#code`."""
    page = reference(name)
    if page is None:
        raise NotFoundException
    known = [found for other in reference_names() if (found := reference(other))]
    groups = _operations(request.app) if name == API else []
    return pages.answer("pages/docs.html", shell, page=page, all_pages=known, groups=groups)


def _operations(app: Litestar) -> list[OperationGroup]:
    """Every operation, listed once a process."""
    if "operation_groups" not in app.state:
        app.state.operation_groups = operation_groups(app.openapi_schema)
    groups: list[OperationGroup] = app.state.operation_groups
    return groups


ROUTES = [docs, reference_page]
