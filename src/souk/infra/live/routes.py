"""HTTP: live messages as server-sent events, and over a WebSocket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, WebSocket, get, websocket
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.exceptions import WebSocketDisconnect
from litestar.params import Parameter
from litestar.response import Stream

from souk.infra.http.authentication import SESSION_COOKIE, Authenticator
from souk.infra.http.dependencies import Service
from souk.infra.live.feed import Beat, Ended, Item, Reset, Said
from souk.infra.live.service import LiveStreams, WhoIsIt
from souk.infra.settings import Settings
from souk.kernel.actor import ANONYMOUS, Actor
from souk.kernel.errors import Forbidden, Malformed, SoukError

EVENT_STREAM: Final = "text/event-stream"
RETRY_MS: Final = 1000
"""How long a browser waits before it comes back."""

Connection = ASGIConnection[Any, Any, Any, Any]  # an HTTP request or a WebSocket
Channels = Annotated[
    str, Parameter(description="Channels with commas between them, such as `listing:{id}`.")
]
After = Annotated[
    int | None, Parameter(description="The last position that was seen; leave out to begin now.")
]


@get(
    "/live",
    tags=["live"],
    media_type=EVENT_STREAM,
    opt={"transaction": "own", "caller": "optional"},
)
async def live_events(
    request: Request[Actor, None, State],
    actor: Actor,
    live_streams: LiveStreams,
    authenticator: Service[Authenticator],
    channels: Channels = "",
    after: After = None,
) -> Stream:
    """What happens on some channels, as server-sent events.

    Each event's type is `message`, its data `{"channel", "kind", "data"}`, its id the position. An
    event `beat` comes when nothing else does, and moves the position.
    `Last-Event-ID` (or `after`) resumes behind a position without missing anything; when that is
    too long ago, an event `reset` says so first. After `resume` come back at once; after `end` the
    caller may listen no more.
    """
    items = await live_streams.open(
        actor,
        channels,
        after=_last_seen(request.headers.get("last-event-id"), after),
        address=request.scope["state"]["address"],
        who=_who(request, authenticator),
    )
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return Stream(_encoded(items), media_type=EVENT_STREAM, headers=headers)


@websocket("/live/ws", opt={"caller": "optional"})
async def live_socket(
    socket: WebSocket[Actor, None, State],
    live_streams: LiveStreams,
    authenticator: Service[Authenticator],
    settings: Settings,
    channels: str = "",
    after: int | None = None,
) -> None:
    """The same over a WebSocket: a JSON object a frame; what the client sends is not read."""
    await socket.accept()
    try:
        _check_origin(socket, settings.base_url)
        items = await live_streams.open(
            socket.user,
            channels,
            after=_last_seen(None, after),
            address=socket.scope["state"]["address"],
            who=_who(socket, authenticator),
        )
    except SoukError as error:
        await socket.send_json({"type": "refused", "code": error.code, "detail": error.detail})
        await socket.close(code=4000 + error.status, reason=error.code)
        return
    saying = asyncio.create_task(_say(socket, items))
    try:
        with suppress(WebSocketDisconnect):
            while not saying.done():
                heard = asyncio.create_task(socket.receive_data(mode="text"))
                await asyncio.wait([saying, heard], return_when=asyncio.FIRST_COMPLETED)
                if not heard.done():
                    heard.cancel()
                    break
                heard.result()
    finally:
        saying.cancel()
        with suppress(asyncio.CancelledError, WebSocketDisconnect):
            await saying


async def _say(socket: WebSocket[Actor, None, State], items: AsyncIterator[Item]) -> None:
    async for item in items:
        await socket.send_text(msgspec.json.encode(_frame(item)).decode())
        if isinstance(item, Ended):
            await socket.close(code=1012 if item.reason == "resume" else 4401, reason=item.reason)


def _frame(item: Item) -> dict[str, object]:
    match item:
        case Said(message=said):
            body = {"channel": said.channel, "kind": said.kind, "data": said.data}
            return {"type": "message", "position": said.position, **body}
        case Beat(position=position):
            return {"type": "beat", "position": position}
        case Reset(position=position):
            return {"type": "reset", "position": position}
        case Ended(reason=reason):
            return {"type": "resume" if reason == "resume" else "end"}


async def _encoded(items: AsyncIterator[Item]) -> AsyncIterator[bytes]:
    yield b"retry: %d\n\n" % RETRY_MS
    async for item in items:
        yield encode(item)


def encode(item: Item) -> bytes:
    """An item in the event stream's format (WHATWG HTML, section 9.2.6)."""
    match item:
        case Said(message=said):
            body = {"channel": said.channel, "kind": said.kind, "data": said.data}
            return b"id: %d\ndata: %b\n\n" % (said.position, msgspec.json.encode(body))
        case Beat(position=position):
            return b"id: %d\nevent: beat\ndata: {}\n\n" % position
        case Reset(position=position):
            return b"id: %d\nevent: reset\ndata: {}\n\n" % position
        case Ended(reason=reason):
            return b"event: %b\ndata: {}\n\n" % (b"resume" if reason == "resume" else b"end")


def _last_seen(header: str | None, after: int | None) -> int | None:
    """The header is what a browser sends when it comes back, so it is newer than the address."""
    if header is not None and header.strip():
        if not (header.strip().isascii() and header.strip().isdigit() and len(header) < 20):
            raise Malformed("live_position_invalid", "Last-Event-ID is no position of this stream.")
        return int(header)
    if after is not None and not 0 <= after < 10**18:
        raise Malformed("live_position_invalid", "`after` is no position of this stream.")
    return after


def _who(connection: Connection, authenticator: Authenticator) -> WhoIsIt:
    """Asks for the caller again, by the credential that opened the connection."""
    bearer = connection.headers.get("authorization")
    cookie = connection.cookies.get(SESSION_COOKIE)
    signed_in = connection.user is not ANONYMOUS

    async def who() -> Actor | None:
        if not signed_in:
            return ANONYMOUS
        if bearer is not None:
            return await authenticator.by_bearer(bearer.partition(" ")[2].strip())
        return await authenticator.by_session(cookie) if cookie is not None else None

    return who


def _check_origin(socket: Connection, base_url: str) -> None:
    """Other sites may open a WebSocket with our visitors' cookies: browsers say where they are."""
    origin = socket.headers.get("origin")
    host = socket.headers.get("host", "")
    if origin is None or origin == base_url or origin.partition("://")[2] == host:
        return
    raise Forbidden("live_origin_refused", "Only pages of this marketplace may open this socket.")


ROUTES = [live_events, live_socket]
