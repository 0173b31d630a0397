"""The node's face towards nginx: who really asks, and what only the node may tell nginx."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Final

from souk.edge.asgi import BY_NGINX, FOR_SLICES, OURS, Message, Receive, Scope, Send
from souk.edge.nginx.config import CLIENT_HEADER, SECRET_HEADER

_TELLING: Final = (b"x-accel-", b"souk-")
_SECRET: Final = SECRET_HEADER.encode()
_CLIENT: Final = CLIENT_HEADER.encode()

App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Behind:
    """Wraps the node's application where nginx asks it.

    nginx alone reaches the socket; with the secret it says that it asks for a slice by itself. An
    origin of a site may send fields that an nginx obeys: none of them gets there.
    """

    def __init__(self, app: App, *, secret: str) -> None:
        self._app = app
        self._secret = secret.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        shown, client = b"", b""
        for name, value in scope["headers"]:
            if name == _SECRET:
                shown = value
            elif name == _CLIENT:
                client = value
        scope["client"] = (client.decode("latin-1"), 0)
        scope[BY_NGINX] = True
        scope[FOR_SLICES] = hmac.compare_digest(shown, self._secret)

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start" and not scope.get(OURS):
                message["headers"] = [
                    (name, value)
                    for name, value in message["headers"]
                    if not bytes(name).lower().startswith(_TELLING)
                ]
            await send(message)

        await self._app(scope, receive, told)
