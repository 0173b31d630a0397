"""What a context hands over to be told of facts: a named handler of one or more event types."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.events import Event
from souk.kernel.ids import EventId

E = TypeVar("E", bound=Event)


class Delivered(msgspec.Struct, Generic[E], frozen=True, kw_only=True):
    """An event with its id (the same at every repeat) and the time it became true."""

    id: EventId
    occurred_at: datetime
    event: E


class Handler(msgspec.Struct, frozen=True, kw_only=True):
    """Runs in a transaction of the system's scope, together with the note that it ran.

    `run` gets at most `batch` events of the handler's types, oldest first. It must be harmless to
    repeat only for effects outside the database.
    """

    name: str
    """Unique and stable: `insight.notices`."""
    events: tuple[type[Event], ...]
    run: Callable[[UnitOfWork, Sequence[Delivered[Any]]], Awaitable[None]]
    batch: int = 1
