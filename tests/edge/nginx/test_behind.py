"""What reaches nginx through the node: nothing that an origin of somebody else's wants it to do."""

from typing import Any

import pytest

from souk.edge.asgi import Incoming, Message, Receive, Scope, Send
from souk.edge.nginx.behind import Behind

SAID = [
    (b"content-type", b"text/plain"),
    (b"X-Accel-Redirect", b"/_slices/x"),
    (b"x-accel-expires", b"9"),
    (b"Souk-Count", b"org_other"),
]


class App:
    """Answers with fields that nginx would obey."""

    def __init__(self, *, ours: bool) -> None:
        self.ours = ours
        self.asked: Incoming | None = None
        self.client: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked, self.client = Incoming(scope, receive), scope["client"]
        if self.ours:
            self.asked.is_ours()
        await send({"type": "http.response.start", "status": 200, "headers": SAID})
        await send({"type": "http.response.body", "body": b"x", "more_body": False})


async def ask(app: App, *head: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    said: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        said.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": list(head), "client": None}
    await Behind(app, secret="s3")(scope, receive, send)
    assert len(said) == 2
    found: list[tuple[bytes, bytes]] = said[0]["headers"]
    return found


async def test_only_the_nodes_own_answers_tell_nginx_anything() -> None:
    assert await ask(App(ours=False)) == SAID[:1]
    assert await ask(App(ours=True)) == SAID


@pytest.mark.parametrize(("shown", "is_it"), [(b"s3", True), (b"s4", False), (b"", False)])
async def test_nginx_shows_that_it_asks_for_a_slice(shown: bytes, is_it: bool) -> None:
    app = App(ours=True)
    await ask(app, (b"souk-front", shown), (b"souk-client", b"203.0.113.9"))
    assert app.asked is not None
    assert app.asked.by_nginx and app.asked.for_slices == is_it
    assert app.client == ("203.0.113.9", 0)
