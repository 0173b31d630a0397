"""HTTP: the Pinning Service API at /ipfs-pinning, in its own form of requests and errors.

Source: https://ipfs.github.io/pinning-services-api-spec/ version 1.0.0.
"""

from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.datastructures import State
from msgspec import Meta

from souk.delivery.ipfs.pin_store import PinFilter
from souk.delivery.ipfs.pins import Pins, roots_of
from souk.infra.http.problems import render
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Malformed
from souk_client.contracts.ipfs import Pin, PinResults, PinState, PinStatus

ROOT: Final = "/ipfs-pinning"
MAX_CIDS: Final = 10
T = TypeVar("T")


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for, as it stands in the address."""

    cid: str | None = None
    name: Annotated[str, Meta(max_length=255)] | None = None
    match: Annotated[str, Meta(pattern="^i?(exact|partial)$")] = "exact"
    status: str = "pinned"
    before: datetime | None = None
    after: datetime | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 10
    meta: str | None = None


@get("/pins", opt={"caller": "optional"})
async def list_pins(
    request: Request[Actor, None, State], uow: UnitOfWork, actor: Actor, pins: Pins
) -> PinResults:
    """The caller's pins, the newest first; pinned ones unless another status is asked for."""
    asked = _read(dict(request.query_params), Question)
    cids = [part for part in (asked.cid or "").split(",") if part]
    if len(cids) > MAX_CIDS:
        raise Malformed("pin_request_invalid", f"Ask for at most {MAX_CIDS} CIDs at once.")
    wanted = PinFilter(
        roots=None if asked.cid is None else roots_of(cids),
        name=asked.name,
        match=asked.match,
        states=_read(asked.status.split(","), list[PinState]),
        before=_aware(asked.before),
        after=_aware(asked.after),
        meta=None if asked.meta is None else _decoded(asked.meta.encode(), dict[str, str]),
    )
    return await pins.search(uow, actor, wanted, limit=asked.limit)


@post("/pins", status_code=202, opt={"caller": "optional"})
async def add_pin(
    request: Request[Actor, None, State], uow: UnitOfWork, actor: Actor, pins: Pins
) -> PinStatus:
    """Asks for content to be kept."""
    actor.require_user()
    return await pins.add(uow, actor, _decoded(await request.body(), Pin))


@get("/pins/{request_id:str}", opt={"caller": "optional"})
async def get_pin(request_id: str, uow: UnitOfWork, actor: Actor, pins: Pins) -> PinStatus:
    """How far a pin is."""
    return await pins.get(uow, actor, request_id)


@post("/pins/{request_id:str}", status_code=202, opt={"caller": "optional"})
async def replace_pin(
    request_id: str,
    request: Request[Actor, None, State],
    uow: UnitOfWork,
    actor: Actor,
    pins: Pins,
) -> PinStatus:
    """Asks for other content in place of a pin's."""
    actor.require_user()
    return await pins.replace(uow, actor, request_id, _decoded(await request.body(), Pin))


@delete("/pins/{request_id:str}", status_code=202, opt={"caller": "optional"})
async def remove_pin(request_id: str, uow: UnitOfWork, actor: Actor, pins: Pins) -> Response[bytes]:
    """Ends a pin."""
    await pins.remove(uow, actor, request_id)
    return Response(b"", status_code=202, media_type="application/json")


def _read(values: object, kind: type[T]) -> T:
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Malformed("pin_request_invalid", str(error)) from None


def _decoded(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("pin_request_invalid", f"The JSON cannot be used: {error}.") from None


def _aware(moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise Malformed("pin_request_invalid", "A time needs its zone, such as …T12:00:00Z.")
    return moment


def _failure(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """An error in the form of the specification."""
    request_id = request.scope["state"].get("request_id")
    rendered = render(error, path=request.scope["path"], request_id=request_id)
    said = {"reason": rendered.problem.code.upper(), "details": rendered.problem.detail}
    return Response(
        {"error": said},
        status_code=rendered.problem.status,
        headers=rendered.headers,
        media_type="application/json",
    )


ROOT_ROUTES = [
    Router(
        ROOT,
        route_handlers=[list_pins, add_pin, get_pin, replace_pin, remove_pin],
        exception_handlers={Exception: _failure},
        include_in_schema=False,
    )
]
