"""Errors for people: the same problem that programs get, as a page."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from litestar import Request, Response
from litestar.response import Redirect

from souk.infra.http.problems import Rendered
from souk.kernel.actor import ANONYMOUS, Actor
from souk.web.pages.addresses import with_query
from souk.web.render import Pages
from souk.web.shell import bare_shell

_HEADINGS: Final = {
    401: "Sign in first",
    403: "This is not yours to open",
    404: "There is nothing at this address",
    405: "This address takes no such request",
    409: "That is not possible as things stand",
    413: "That is too large",
    422: "Something in that was not right",
    429: "A little too fast",
    503: "Back in a moment",
}
_DETAILS: Final = {
    404: "The page may have moved, the work may have been retired, or it belongs to somebody else.",
    429: "Wait a minute, then go on. The limit keeps the marketplace quick for everyone.",
}
_WORDS: Final = {
    "value_unstorable": "It holds a character or a number that nothing here can have.",
    "cursor_invalid": "The link to this page is incomplete or old. Start again at the first page.",
}
"""Refusals that name what programs send, said as people see it."""
_STALE_FORM: Final = (
    "This form has waited too long",
    "Nothing was changed. Go back, load the page again and repeat it.",
)


def error_page(
    pages: Pages, *, development: bool
) -> Callable[[Request[Any, Any, Any], Rendered], Response[Any]]:
    """Draws an error. It needs no database, since that may be what failed."""

    def draw(request: Request[Any, Any, Any], rendered: Rendered) -> Response[Any]:
        problem = rendered.problem
        actor = request.scope.get("user")
        shell = bare_shell(
            request,
            actor if isinstance(actor, Actor) else ANONYMOUS,
            now=datetime.now(UTC),
            development=development,
        )
        if problem.status == 401 and request.method == "GET":
            return Redirect(with_query("/sign-in", {"next": shell.path}), status_code=303)
        heading = _HEADINGS.get(problem.status, problem.title)
        detail = _WORDS.get(problem.code) or _DETAILS.get(problem.status, problem.detail)
        if problem.status == 403 and "CSRF" in problem.detail:
            heading, detail = _STALE_FORM
        return pages.answer(
            "pages/error.html",
            shell,
            status=problem.status,
            headers=rendered.headers,
            code=problem.status,
            heading=heading,
            detail=detail,
            request_id=problem.request_id if problem.status >= 500 else None,
        )

    return draw
