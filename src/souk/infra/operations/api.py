"""The marketplace's state as its operator reads it."""

from datetime import datetime

import msgspec


class ProcessFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A process, as it last described itself."""

    id: str
    kind: str
    """`http` or `worker`."""
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime
    memory_bytes: int
    gauges: dict[str, float]
    """`pool_size`, `pool_free`, `pool_waiting`, `live_readers`, and the gauges of the wings."""


class RequestRates(msgspec.Struct, frozen=True, kw_only=True):
    """HTTP requests of all processes over the last seconds."""

    over_s: float
    """The length of time that the rates are taken over."""
    per_s: float
    refused_per_s: float
    """Answers of 400 to 499."""
    failed_per_s: float
    """Answers of 500 and more."""
    p50_ms: float
    p99_ms: float
    """Interpolated within the histogram's buckets; the last bucket's bound when beyond it."""
    total: int
    """Since the HTTP processes started."""


class HandlerQueue(msgspec.Struct, frozen=True, kw_only=True):
    """Deliveries of one outbox handler that are not done."""

    handler: str
    waiting: int
    retrying: int
    """Those of `waiting` that have failed before."""
    dead: int
    oldest_at: datetime | None
    """When the oldest waiting event became true."""


class Queues(msgspec.Struct, frozen=True, kw_only=True):
    """What waits to be done."""

    handlers: list[HandlerQueue]
    undispatched: int
    oldest_undispatched_at: datetime | None
    live_waiting: int
    workflows_open: int

    @property
    def waiting(self) -> int:
        """Deliveries that wait, of every handler."""
        return sum(queue.waiting for queue in self.handlers)

    @property
    def dead(self) -> int:
        """Deliveries that were given up, of every handler."""
        return sum(queue.dead for queue in self.handlers)

    @property
    def oldest_at(self) -> datetime | None:
        """The oldest event that somebody still waits for."""
        ages = [queue.oldest_at for queue in self.handlers if queue.oldest_at]
        return min(
            [*ages, *([self.oldest_undispatched_at] if self.oldest_undispatched_at else [])],
            default=None,
        )


class DatabaseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The database server, as the application's role sees it."""

    connections: int
    """Of the application, all processes together."""
    active: int
    """Those that run a statement now."""
    max_connections: int
    size_bytes: int
    listeners: int
    """Connections of the application that last listened: one a process."""


class DiskFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The disk with the data folder."""

    total_bytes: int
    free_bytes: int


class System(msgspec.Struct, frozen=True, kw_only=True):
    """Everything at one moment."""

    at: datetime
    requests: RequestRates | None
    """None until this process has looked twice."""
    queues: Queues
    database: DatabaseFacts
    disk: DiskFacts
    processes: list[ProcessFacts]

    @property
    def search_behind(self) -> int | None:
        """Changes that the search index has not taken over; None while nobody knows."""
        known = [p.gauges["search_behind"] for p in self.processes if "search_behind" in p.gauges]
        return int(max(known)) if known else None


class ScheduleFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule and its last run."""

    name: str
    every_s: float
    started_at: datetime | None
    took_ms: float | None
    failed_at: datetime | None
    last_error: str | None
    runs: int
    failures: int

    @property
    def failing(self) -> bool:
        """Whether its last run failed."""
        return self.failed_at is not None and (
            self.started_at is None or self.failed_at >= self.started_at
        )


class WorkflowRun(msgspec.Struct, frozen=True, kw_only=True):
    """A durable workflow."""

    id: str
    name: str
    state: str
    """DBOS's own word: `pending`, `enqueued`, `success`, `error`, `cancelled`, …"""
    attempts: int
    steps: int
    """How many of its steps are done."""
    created_at: datetime
    updated_at: datetime
