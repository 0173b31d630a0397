"""One transaction a request: commit before the answer leaves, roll back when it is an error."""

from collections.abc import Sequence
from typing import Any, Final, cast
from urllib.parse import parse_qs

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from souk.infra.http.idempotency import (
    KeptAnswer,
    Sealer,
    check_key,
    claim,
    claim_ahead,
    hash_request,
    keep,
    let_go,
)
from souk.infra.http.problems import MEDIA_TYPE, render
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import scope_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Malformed, TooLarge

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
FORM: Final = b"application/x-www-form-urlencoded"
KEPT_HEADERS: Final = frozenset({"content-type", "location", "etag"})


class TransactionMiddleware(ASGIMiddleware):
    """Puts a `UnitOfWork` into the scope, and ends it with the answer.

    Options of a handler: `transaction="own"` (none is opened), `raw_body` with it (the body is read
    by nobody else: a repeat is known by its address and length), `idempotency="required"`,
    `body_limit` (bytes, where the general limit is too small; beside Litestar's own setting).
    """

    scopes = (ScopeType.HTTP,)

    def __init__(self, *, database: Database, sealer: Sealer, max_body_bytes: int) -> None:
        self._database = database
        self._sealer = sealer
        self._max_body_bytes = max_body_bytes

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        options = scope["route_handler"].opt
        request = cast(HTTPScope, scope)  # `scopes` lets nothing else through
        if options.get("transaction") == "own":
            if _is_repeatable(request):
                await self._write_around(request, receive, send, next_app)
            else:
                await next_app(scope, receive, send)
            return
        safe = request["method"] in SAFE_METHODS
        uow = self._database.unit_of_work(scope_of(request["user"]), read_only=safe)
        request["state"]["uow"] = uow
        try:
            if safe:
                await self._read(request, receive, send, next_app, uow)
            else:
                await self._write(request, receive, send, next_app, uow)
        except BaseException:
            await uow.rollback()
            raise

    async def _read(
        self, scope: HTTPScope, receive: Receive, send: Send, next_app: ASGIApp, uow: UnitOfWork
    ) -> None:
        async def release_first(message: Message) -> None:
            if message["type"] == "http.response.start":
                await uow.rollback()
            await send(message)

        await next_app(scope, receive, release_first)

    async def _write(
        self, scope: HTTPScope, receive: Receive, send: Send, next_app: ASGIApp, uow: UnitOfWork
    ) -> None:
        caller = _caller(scope)
        key, body = await self._idempotency_key(scope, receive)
        if body is not None:
            receive = _replay(body, receive)
        if key is not None:
            request_hash = hash_request(scope["method"], scope["path"], body or b"")
            kept = await claim(
                uow, caller=caller, key=key, request_hash=request_hash, sealer=self._sealer
            )
            if kept is not None:
                await uow.rollback()
                await _send_all(_messages_of(kept), send)
                return
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        await next_app(scope, receive, hold)
        if _went_well(held):
            try:
                if key is not None:
                    answer = _answer_of(held)
                    keep(uow, caller=caller, key=key, answer=answer, sealer=self._sealer)
                await uow.commit()
            except Exception as error:
                held = _problem_messages(error, scope)
        else:
            await uow.rollback()
        await _send_all(held, send)

    async def _write_around(
        self, scope: HTTPScope, receive: Receive, send: Send, next_app: ASGIApp
    ) -> None:
        caller = _caller(scope)
        if scope["route_handler"].opt.get("raw_body"):
            headers = dict(scope["headers"])
            key = check_key(headers[b"idempotency-key"].decode("latin-1"))
            body = scope["query_string"] + b"\n" + headers.get(b"content-length", b"")
        else:
            found, read = await self._idempotency_key(scope, receive)
            assert found is not None and read is not None
            key, body = found, read
            receive = _replay(body, receive)
        data_scope = scope_of(scope["user"])
        async with self._database.transaction(data_scope) as uow:
            request_hash = hash_request(scope["method"], scope["path"], body)
            kept = await claim_ahead(
                uow, caller=caller, key=key, request_hash=request_hash, sealer=self._sealer
            )
        if kept is not None:
            await _send_all(_messages_of(kept), send)
            return
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        done = False
        try:
            await next_app(scope, receive, hold)
            done = _went_well(held)
        finally:
            async with self._database.transaction(data_scope) as uow:
                if done:
                    answer = _answer_of(held)
                    keep(uow, caller=caller, key=key, answer=answer, sealer=self._sealer)
                else:
                    await let_go(uow, caller=caller, key=key)
        await _send_all(held, send)

    async def _idempotency_key(
        self, scope: HTTPScope, receive: Receive
    ) -> tuple[str | None, bytes | None]:
        """The key, from the header or a form's hidden field, and the body when it was read."""
        headers = dict(scope["headers"])
        found = headers.get(b"idempotency-key")
        is_form = headers.get(b"content-type", b"").startswith(FORM)
        body = None
        if found is not None or is_form:
            limit = scope["route_handler"].opt.get("body_limit", self._max_body_bytes)
            said = headers.get(b"content-length", b"")
            if said.isdigit() and int(said) > limit:
                raise _too_large(limit)
            body = await _read_body(receive, limit=limit)
        key = found.decode("latin-1") if found is not None else None
        if key is None and is_form and body:
            key = parse_qs(body.decode("latin-1")).get("_idempotency_key", [None])[0]
        if key is None:
            if scope["route_handler"].opt.get("idempotency") == "required":
                raise Malformed(
                    "idempotency_key_required",
                    "This moves money: send an Idempotency-Key header, a new one for each payment "
                    "you mean, the same one when you repeat a request.",
                )
            return None, body
        return check_key(key), body


def _is_repeatable(scope: HTTPScope) -> bool:
    """Whether a request to a handler with transactions of its own is kept for its repeat."""
    named = any(name == b"idempotency-key" for name, _ in scope["headers"])
    return scope["method"] == "POST" and named


def _caller(scope: HTTPScope) -> str:
    """Whose keys they are; strangers have one space for each address they come from."""
    actor: Actor = scope["user"]
    return actor.user_id or f"anonymous {scope['state'].get('address', '')}"


def _went_well(messages: Sequence[Message]) -> bool:
    return any(
        message["type"] == "http.response.start" and message["status"] < 400 for message in messages
    )


async def _read_body(receive: Receive, *, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise Malformed("body_incomplete", "The connection closed before the body was whole.")
        chunks.append(message["body"])
        size += len(message["body"])
        if size > limit:
            raise _too_large(limit)
        more = message["more_body"]
    return b"".join(chunks)


def _too_large(limit: int) -> TooLarge:
    return TooLarge("body_too_large", f"The body may have at most {limit} bytes.")


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def again() -> Any:  # Litestar's message union
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _answer_of(messages: Sequence[Message]) -> KeptAnswer:
    status = 200
    headers: dict[str, str] = {}
    body = b""
    for message in messages:
        if message["type"] == "http.response.start":
            status = message["status"]
            pairs = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in message["headers"]]
            headers = {name: value for name, value in pairs if name.lower() in KEPT_HEADERS}
        elif message["type"] == "http.response.body":
            body += message["body"]
    return KeptAnswer(status, headers, body)


def _messages_of(kept: KeptAnswer) -> list[Message]:
    headers = [
        *kept.headers.items(),
        ("idempotency-replayed", "true"),
        ("content-length", str(len(kept.body))),
    ]
    return _messages(kept.status, headers, kept.body)


def _problem_messages(error: Exception, scope: HTTPScope) -> list[Message]:
    request_id = scope["state"].get("request_id")
    rendered = render(error, path=scope["path"], request_id=request_id)
    body = rendered.body()
    headers = [
        ("content-type", MEDIA_TYPE),
        ("content-length", str(len(body))),
        *rendered.headers.items(),
    ]
    return _messages(rendered.problem.status, headers, body)


def _messages(status: int, headers: Sequence[tuple[str, str]], body: bytes) -> list[Message]:
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return [
        {"type": "http.response.start", "status": status, "headers": encoded},
        {"type": "http.response.body", "body": body, "more_body": False},
    ]


async def _send_all(messages: Sequence[Message], send: Send) -> None:
    for message in messages:
        await send(message)
