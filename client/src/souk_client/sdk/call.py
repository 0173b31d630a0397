"""One request, described once, for both clients.

A builder function makes a `Call`: what to send, and what the answer is. An `Endpoint` turns the
builder into a method: on the blocking client it returns the answer, on the asynchronous one an
awaitable of it. Only the sending differs, so no method is written twice.
"""

import functools
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, Literal, ParamSpec, TypeVar, overload
from urllib.parse import quote

import msgspec

P = ParamSpec("P")
T = TypeVar("T")

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
QueryValue = str | int | bool | list[str] | None


class Call(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A request and the type of its answer."""

    method: Method
    path: str
    """From the root of the server: `/api/v1/me`."""
    answer: type[T]
    """A contract, `bytes` for the body as it is, or `NoneType` for no answer."""
    query: Mapping[str, QueryValue] = msgspec.field(default_factory=dict)
    body: msgspec.Struct | None = None
    """Sent as JSON."""
    content: bytes | None = None
    """Sent as it is."""
    session: Literal["uses", "starts", "ends"] = "uses"
    """Whether the answer is a session to go on with, or ends the one there is."""
    idempotency_key: str | None = None

    def headers(self) -> dict[str, str]:
        """The headers this call brings; a POST always has an Idempotency-Key."""
        headers = {"Accept": "application/json, */*;q=0.5"}
        if self.body is not None:
            headers["Content-Type"] = "application/json"
        elif self.content is not None:
            headers["Content-Type"] = "application/octet-stream"
        if self.method == "POST":
            headers["Idempotency-Key"] = self.idempotency_key or str(uuid.uuid4())
        return headers

    def payload(self) -> bytes | None:
        """The body's bytes."""
        return msgspec.json.encode(self.body) if self.body is not None else self.content

    def parameters(self) -> tuple[tuple[str, str], ...]:
        """The query, without what is None; a list repeats its name."""
        pairs: list[tuple[str, str]] = []
        for name, value in self.query.items():
            for item in value if isinstance(value, list) else [value]:
                if item is not None:
                    pairs.append((name, str(item).lower() if isinstance(item, bool) else str(item)))
        return tuple(pairs)


def api(*segments: str | int) -> str:
    """A path of the API, its segments quoted: `api("orders", order_id)`."""
    return "/api/v1/" + "/".join(quote(str(segment), safe="@:") for segment in segments)


class Blocking:
    """The mark of a client whose methods return answers."""

    def send(self, call: Call[T]) -> T:
        """Sends a call and returns its answer.

        Raises:
            SoukApiError: the marketplace refused it.
            SoukConnectionError: it could not be reached.
        """
        raise NotImplementedError


class Awaiting:
    """The mark of a client whose methods return awaitables."""

    async def send(self, call: Call[T]) -> T:
        """Sends a call and returns its answer.

        Raises:
            SoukApiError: the marketplace refused it.
            SoukConnectionError: it could not be reached.
        """
        raise NotImplementedError


S = TypeVar("S", Blocking, Awaiting)


class Namespace(Generic[S]):
    """A group of endpoints, `souk.listings` for example, on one client."""

    def __init__(self, sender: S) -> None:
        self._sender: S = sender


class Endpoint(Generic[P, T]):
    """A method made from a builder."""

    def __init__(self, build: Callable[P, Call[T]]) -> None:
        self.build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> "Endpoint[P, T]": ...
    @overload
    def __get__(self, instance: Namespace[Blocking], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, instance: Namespace[Awaiting], owner: type) -> Callable[P, Awaitable[T]]: ...
    def __get__(
        self, instance: Namespace[Blocking] | Namespace[Awaiting] | None, owner: type
    ) -> "Endpoint[P, T] | Callable[P, T] | Callable[P, Awaitable[T]]":
        if instance is None:
            return self
        sender: Blocking | Awaiting = instance._sender

        @functools.wraps(self.build)
        def method(*args: P.args, **kwargs: P.kwargs) -> T | Awaitable[T]:
            return sender.send(self.build(*args, **kwargs))

        return method  # type: ignore[return-value]  # which of the two depends on the sender
