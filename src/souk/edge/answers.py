"""The heads of a node's answers."""

from typing import Final
from urllib.parse import quote

import msgspec

from souk.edge.tickets import EdgeTicket

Headers = list[tuple[str, str]]

_SAFE: Final[Headers] = [
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; sandbox"),
    ("referrer-policy", "no-referrer"),
]
PROBLEM: Final = "application/problem+json"
JSON: Final = "application/json"


class Refused(Exception):
    """A request that is answered with a problem.

    Args:
        status: the HTTP status.
        code: stable, snake_case, as the marketplace names it.
        detail: what is wrong, and how to go on.
        retry_after_s: when to come back, if that may help.
        more: further headers.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        retry_after_s: int | None = None,
        more: Headers | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.more = more or []

    def head(self, body: bytes) -> Headers:
        """The headers of the answer with this body."""
        closing = [("connection", "close")] if self.status == 400 else []
        retry = [] if self.retry_after_s is None else [("retry-after", str(self.retry_after_s))]
        return [
            ("content-type", PROBLEM),
            ("content-length", str(len(body))),
            ("cache-control", "no-store"),
            *retry,
            *closing,
            *self.more,
            *_SAFE,
        ]

    def body(self) -> bytes:
        """RFC 9457 problem details."""
        return msgspec.json.encode(
            {"type": f"/docs/errors#{self.code}", "status": self.status, "code": self.code}
            | {"title": self.code.replace("_", " ").capitalize(), "detail": self.detail}
        )


def file_head(ticket: EdgeTicket, *, cache_status: str) -> Headers:
    """The headers that every answer about a file has: those of the marketplace's own downloads.

    Args:
        cache_status: as RFC 9211 has it.
    """
    return [
        ("etag", etag_of(ticket)),
        ("accept-ranges", "bytes"),
        ("cache-control", "private, no-transform, max-age=0"),
        ("content-disposition", f"attachment; filename*=UTF-8''{quote(ticket.filename)}"),
        ("x-content-sha256", ticket.sha256),
        ("cache-status", cache_status),
        *_SAFE,
    ]


def etag_of(ticket: EdgeTicket) -> str:
    """The entity tag: content never changes under its hash."""
    return f'"{ticket.sha256}"'
