"""The core every wing is built on, and the form in which a wing is handed over."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from souk.infra.keyring import Keyring
from souk.infra.keyring.data_keys import DataKeys
from souk.infra.live.listener import Listener, OnNews
from souk.infra.live.publisher import LivePublisher
from souk.infra.operations.beat import Gauge
from souk.infra.outbox.handlers import Handler
from souk.infra.outbox.nudge import Nudger
from souk.infra.postgres.database import Database
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.settings import Settings, load
from souk.infra.workflows import Workflow, Workflows
from souk.kernel.clock import Clock

S = TypeVar("S", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """What infra gives to every wing."""

    settings: Settings
    environ: Mapping[str, str]
    clock: Clock
    database: Database
    keyring: Keyring
    data_keys: DataKeys
    """Of encrypted blobs."""
    listener: Listener
    nudger: Nudger
    live: LivePublisher
    workflows: Workflows
    """Open in the worker only."""

    def load(self, kind: type[S], context: str) -> S:
        """A context's own settings: variables `SOUK_<CONTEXT>_<FIELD>`."""
        return load(kind, self.environ, prefix=f"SOUK_{context.upper()}_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Something to do now and then, in a system-scope transaction; one worker at a time does it."""

    name: str
    every_s: float
    run: Callable[[UnitOfWork], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A wing, ready to be put into a process."""

    services: Mapping[str, object] = field(default_factory=dict)
    """By the names under which handlers receive them."""
    routes: Sequence[Any] = ()  # Litestar's handler kinds have no common public type
    """Under /api/v1."""
    root_routes: Sequence[Any] = ()
    """At the root, such as /.well-known/…."""
    handlers: Sequence[Handler] = ()
    schedules: Sequence[Schedule] = ()
    workflows: Sequence[Workflow] = ()
    """Durable; the worker runs them."""
    worker_tasks: Sequence[Callable[[], Awaitable[None]]] = ()
    """Run in the worker until it stops."""
    process_tasks: Sequence[Callable[[], Awaitable[None]]] = ()
    """Run in every process, HTTP and worker, until it stops."""
    gauges: Mapping[str, Gauge] = field(default_factory=dict)
    """What the operator sees of every process, by name."""
    on_news: Mapping[str, OnNews] = field(default_factory=dict)
    """Calls by NOTIFY channel, in every process."""
    on_open: Sequence[Callable[[], Awaitable[None]]] = ()
    """Once, when a process starts, after the database is open."""
    on_close: Sequence[Callable[[], Awaitable[None]]] = ()
    """Once, when a process ends, before the database is closed."""
