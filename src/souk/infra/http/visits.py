"""A request as a visit: who came, as far as the request itself tells. Plain data, never stored."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar.connection import ASGIConnection

from souk.kernel.actor import ANONYMOUS, Actor


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """Where one request came from."""

    actor: Actor = ANONYMOUS
    peer: str = "unknown"
    """The address at the other end of the connection: a visitor, or a proxy of ours."""
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    """By names in lower case."""


def visit_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Visit:
    """The visit of a request of any kind."""
    return Visit(
        actor=connection.scope["user"],
        peer=connection.client.host if connection.client else "unknown",
        headers=connection.headers,
    )
