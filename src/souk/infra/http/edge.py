"""The outermost shell: request ids, security headers, timing and the access log."""

import re
import time
import uuid
from typing import Final

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from souk.infra.http.leftovers import CLOSE, RequestBody
from souk.infra.telemetry.metrics import HTTP_SECONDS

_SAFE_ID: Final = re.compile(rb"[0-9A-Za-z._-]{8,64}")
SECURITY_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; "
        b"worker-src 'self' blob:; connect-src 'self'; font-src 'self'; object-src 'none'; "
        b"base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
)
OWN_HEAD: Final = "/d/"
"""Downloads answer HEAD themselves, since a GET counts; elsewhere it is a GET without the body."""
HEAD_ONLY: Final = "head_only"
"""In the scope's state when only the head of a GET's answer leaves: a body need not be made."""
EVENT_STREAM: Final = b"text/event-stream; charset=utf-8"
"""Streams last as long as somebody listens: what is timed is how soon they begin."""
HSTS: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")

log = structlog.get_logger("souk.access")


class Edge:
    """Wraps the application; every answer passes through it, also those of unknown routes."""

    def __init__(self, app: ASGIApp, *, https_only: bool) -> None:
        self._app = app
        self._headers = [*SECURITY_HEADERS, *([HSTS] if https_only else [])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            await self._serve(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _serve(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500
        ended: float | None = None

        head_only = scope["method"] == "HEAD" and not scope["path"].startswith(OWN_HEAD)
        scope["state"][HEAD_ONLY] = head_only
        if head_only:
            scope["method"] = "GET"

        body = RequestBody(scope, receive)

        async def dress(message: Message) -> None:
            nonlocal status, ended
            if head_only and message["type"] == "http.response.body":
                if not message["more_body"]:
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            if message["type"] == "http.response.start":
                status = message["status"]
                present = {name.lower() for name, _ in message["headers"]}
                if (b"content-type", EVENT_STREAM) in message["headers"]:
                    ended = time.perf_counter()
                added = [pair for pair in self._headers if pair[0] not in present]
                if not await body.is_read():
                    added.append(CLOSE)
                message["headers"] = [
                    *message["headers"],
                    *added,
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, body.receive, dress)
            finally:
                seconds = (ended or time.perf_counter()) - started
                route = scope.get("path_template") or "unknown"
                HTTP_SECONDS.labels(scope["method"], route, str(status)).observe(seconds)
                write = log.warning if status >= 500 else log.debug
                write(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    ms=round(seconds * 1000, 1),
                )


def _request_id(scope: HTTPScope) -> str:
    given = dict(scope["headers"]).get(b"x-request-id", b"")
    return given.decode() if _SAFE_ID.fullmatch(given) else uuid.uuid4().hex
