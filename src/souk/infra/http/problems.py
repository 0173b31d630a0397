"""Errors as RFC 9457 problem details."""

from http import HTTPStatus
from typing import Any, Final

import msgspec
import psycopg
import structlog
from litestar.exceptions import HTTPException, NotFoundException, ValidationException
from psycopg_pool import PoolTimeout, TooManyRequests

from souk.kernel.errors import SoukError
from souk_client.contracts.base import FieldError, Problem

MEDIA_TYPE: Final = "application/problem+json"
DOCS: Final = "/docs/errors#"
_NO_BODY: Final = "'data'"
"""Litestar's words for a handler's body that was not sent."""

log = structlog.get_logger("souk.http")


class Rendered(msgspec.Struct, frozen=True):
    """A problem, its extra members, and the headers that go with it."""

    problem: Problem
    extra: dict[str, object]
    headers: dict[str, str]

    def body(self) -> bytes:
        """The problem as JSON, extra members included."""
        members = msgspec.to_builtins(self.problem)
        kept = {name: value for name, value in members.items() if value not in (None, [])}
        return msgspec.json.encode({**self.extra, **kept})


def render(error: Exception, *, path: str, request_id: str | None) -> Rendered:
    """The problem details of any error; what we do not know becomes a bare 500 and is logged."""
    status, code, title, detail, fields = _describe(error)
    extra = error.extra if isinstance(error, SoukError) else {}
    headers: dict[str, str] = {}
    if "retry_after_s" in extra:
        headers["retry-after"] = str(extra["retry_after_s"])
    if status == 401:
        headers["www-authenticate"] = 'Bearer realm="souk"'
    if status == 413:
        headers["connection"] = "close"  # the rest of the body is not read
    if status == 405 and isinstance(error, HTTPException):
        headers.update(error.headers or {})
    problem = Problem(
        type=f"{DOCS}{code}",
        title=title,
        status=status,
        code=code,
        detail=detail,
        instance=path,
        request_id=request_id,
        errors=fields,
    )
    return Rendered(problem=problem, extra=extra, headers=headers)


def _describe(error: Exception) -> tuple[int, str, str, str, list[FieldError]]:
    if isinstance(error, SoukError):
        return error.status, error.code, error.title, error.detail, []
    if isinstance(error, ValidationException):
        return 422, "body_invalid", "Invalid request", _validation_text(error), _fields(error)
    if isinstance(error, NotFoundException):
        return 404, "route_unknown", "Not found", "There is nothing at this address.", []
    if isinstance(error, HTTPException) and error.status_code == 413:
        return 413, "body_too_large", "Too large", "The body is larger than is taken here.", []
    if isinstance(error, HTTPException) and error.status_code < 500:
        title = HTTPStatus(error.status_code).phrase
        code = title.lower().replace(" ", "_").replace("-", "_")
        return error.status_code, code, title, error.detail or title, []
    if isinstance(error, PoolTimeout | TooManyRequests | psycopg.OperationalError):
        log.error("database unavailable", error=str(error))
        return (
            503,
            "database_unavailable",
            "Not available now",
            "The database does not answer; try again in a moment.",
            [],
        )
    if isinstance(error, psycopg.DataError):
        return (
            422,
            "value_unstorable",
            "Invalid request",
            "A value cannot be stored: text must not hold NUL, and numbers must fit 64 bits.",
            [],
        )
    log.error("unexpected error", exc_info=error)
    return (
        500,
        "internal_error",
        "Internal error",
        "Something went wrong on our side and nothing was changed. Give the request id when you "
        "report it.",
        [],
    )


def _validation_text(error: ValidationException) -> str:
    fields = _fields(error)
    if not fields:
        return error.detail
    return "; ".join(f"{field.where}: {field.problem}" for field in fields[:5])


def _fields(error: ValidationException) -> list[FieldError]:
    found = error.extra if isinstance(error.extra, list) else []
    fields = []
    for item in found:
        if isinstance(item, dict):
            source = _source(item)
            key = str(item.get("key") or "")
            where = f"{source}.{key}" if key and key != "data" else source
            message = str(item.get("message", ""))
            problem = "A JSON body is needed." if message == _NO_BODY else message
            fields.append(FieldError(where=where, problem=problem))
    return fields


def _source(item: dict[str, Any]) -> str:
    source = item.get("source", "body")
    return str(getattr(source, "value", source))
