"""A thin face of DBOS: named workflows of named steps, run in the worker.

DBOS keeps the result of every finished step in PostgreSQL (schema `dbos`) and, after a crash, goes
on behind the last one. A step that was under way runs again, so what it does outside the database
must be idempotent. DBOS runs workflows in threads of its own; each step is brought back to the
worker's event loop, where the connection pool lives.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:  # importing it takes a second, and only a process that opens it needs it
    from dbos import DBOS, DBOSConfig, StepOptions

EXECUTOR: Final = "worker"
"""Recovery takes up what this executor left: one name for every worker of the marketplace."""

_LISTED: Final = 1_000

Json = dict[str, Any]  # what a step takes and gives is kept as JSON, its members are its own


class Step(msgspec.Struct, frozen=True):
    """A part that is done once: gets what the step before gave, gives to the next."""

    name: str
    run: Callable[[Json], Awaitable[Json]]
    attempts: int = 3


Patience = Callable[[Callable[[], Awaitable[Json]]], Awaitable[Json]]


class Workflow(msgspec.Struct, frozen=True):
    """Steps in order. The name is stable: running workflows find their code by it."""

    name: str
    steps: Sequence[Step]


class Workflows:
    """Starts workflows and keeps them going; one object a process, as DBOS allows one."""

    def __init__(self, owner_dsn: str, *, version: str, patience: Patience | None = None) -> None:
        """
        Args:
            patience: runs a step, and again while what it needs is away for a while.
        """
        self._owner_dsn = owner_dsn
        self._version = version
        self._patience = patience
        self._running: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._bodies: dict[str, Callable[[Json], None]] = {}

    async def open(self, workflows: Sequence[Workflow]) -> None:
        """Registers the workflows and takes up what a crash left unfinished."""
        self._loop = asyncio.get_running_loop()
        dbos = _dbos()
        config: DBOSConfig = {
            "name": "souk",
            "system_database_url": self._owner_dsn.replace(
                "postgresql+psycopg://", "postgresql://"
            ),
            "application_version": self._version,
            "executor_id": EXECUTOR,
            "sys_db_pool_size": 4,
            "log_level": "WARNING",
        }
        dbos(config=config)
        for workflow in workflows:
            decorate = dbos.workflow(name=workflow.name)
            self._bodies[workflow.name] = decorate(self._body(workflow))
        await asyncio.to_thread(dbos.launch)

    async def close(self) -> None:
        """Stops taking steps; what is unfinished goes on at the next start."""
        await asyncio.to_thread(_dbos().destroy, workflow_completion_timeout_sec=0)
        self._loop = None

    async def start(self, name: str, *, workflow_id: str, argument: Json) -> None:
        """Starts a workflow; returns once it is durable. The same id starts it once only.

        Args:
            workflow_id: the id of the event that caused it.
        """
        from dbos import DBOS, SetWorkflowID  # noqa: PLC0415

        body = self._bodies[name]

        def begin() -> None:
            with SetWorkflowID(workflow_id):
                DBOS.start_workflow(body, argument)

        await asyncio.to_thread(begin)

    async def lost(self) -> set[str]:
        """The ids of workflows that are to be running here, and that no thread runs."""

        def look() -> set[str]:
            pending = _dbos().list_workflows(
                status="PENDING",
                executor_id=EXECUTOR,
                app_version=self._version,
                load_input=False,
                load_output=False,
                limit=_LISTED,
            )
            return {one.workflow_id for one in pending} - self._running

        return await asyncio.to_thread(look)

    async def take_up(self, workflow_ids: Sequence[str]) -> None:
        """Lets workflows go on behind their last finished steps; finished ones stay finished."""

        def resume() -> None:
            for workflow_id in workflow_ids:
                _dbos().resume_workflow(workflow_id)

        await asyncio.to_thread(resume)

    def _body(self, workflow: Workflow) -> Callable[[Json], None]:
        dbos = _dbos()

        def body(argument: Json) -> None:
            value, workflow_id = argument, dbos.workflow_id or ""
            self._running.add(workflow_id)
            try:
                for step in workflow.steps:
                    options: StepOptions = {
                        "name": step.name,
                        "retries_allowed": step.attempts > 1,
                        "max_attempts": step.attempts,
                    }
                    value = dbos.run_step(options, self._on_loop, step.run, value)
            finally:
                self._running.discard(workflow_id)

        body.__qualname__ = body.__name__ = workflow.name.replace(".", "_")
        return body

    def _on_loop(self, run: Callable[[Json], Awaitable[Json]], value: Json) -> Json:
        assert self._loop is not None, "the worker has stopped"

        async def waited() -> Json:
            if self._patience is None:
                return await run(value)
            return await self._patience(lambda: run(value))

        return asyncio.run_coroutine_threadsafe(waited(), self._loop).result()


def _dbos() -> "type[DBOS]":
    from dbos import DBOS  # noqa: PLC0415

    return DBOS
