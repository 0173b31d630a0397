"""Litestar's exception handlers: every error becomes problem details, or a page for people."""

from collections.abc import Callable
from typing import Any

from litestar import Request, Response

from souk.infra.http.authentication import API_PREFIX
from souk.infra.http.problems import MEDIA_TYPE, Rendered, render

ErrorPage = Callable[[Request[Any, Any, Any], Rendered], Response[Any]]
"""Draws an error for a browser (the web wing implements it)."""


def exception_handler(
    error_page: ErrorPage | None,
) -> Callable[[Request[Any, Any, Any], Exception], Response[Any]]:
    """One handler for everything: people who asked for a page get a page, others get JSON."""

    def handle(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        request_id = request.scope["state"].get("request_id")
        rendered = render(error, path=request.scope["path"], request_id=request_id)
        wants_page = "text/html" in request.headers.get("accept", "")
        is_fragment = request.headers.get("hx-request") == "true"
        if (
            error_page is not None
            and wants_page
            and not is_fragment
            and not request.scope["path"].startswith(API_PREFIX)
        ):
            return error_page(request, rendered)
        return Response(
            content=rendered.body(),
            status_code=rendered.problem.status,
            media_type=MEDIA_TYPE,
            headers=rendered.headers,
        )

    return handle
