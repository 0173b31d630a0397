"""The durable run of an evaluation: files out of the blob store, a child, a verdict."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
import structlog

from souk.compute.evaluation import store
from souk.compute.evaluation.events import EvaluationFinished, EvaluationRequested
from souk.compute.evaluation.findings import Finding, Job
from souk.compute.evaluation.model import Result, compare, plain_log, table_format
from souk.compute.evaluation.settings import EvaluationSettings
from souk.infra.children import Ended, Limits, run_limited
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.workflows import Step, Workflow, Workflows
from souk.infra.workflows.engine import Json
from souk.works.artifacts.api import Artifacts
from souk.works.listings.api import Listings

NAME: Final = "compute.evaluate"
CHILD: Final = "souk.compute.evaluation.child"
OVERDUE: Final = timedelta(minutes=30)

log = structlog.get_logger("souk.evaluation")


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a run gave."""

    finding: Finding
    log: str = ""


class Evaluator:
    """Runs models, one after the other, and writes down what came out."""

    def __init__(
        self,
        database: Database,
        artifacts: Artifacts,
        listings: Listings,
        *,
        settings: EvaluationSettings,
        folder: Path,
    ) -> None:
        self._database = database
        self._artifacts = artifacts
        self._listings = listings
        self._settings = settings
        self._folder = folder
        self._turns = asyncio.Semaphore(settings.at_once)

    def workflow(self) -> Workflow:
        """Two steps: a run may be repeated after a crash, its outcome is written once."""
        return Workflow(
            name=NAME, steps=[Step(name="run", run=self._run), Step(name="note", run=self._note)]
        )

    async def evaluate(self, evaluation_id: str) -> None:
        """Both steps at once."""
        await self._note(await self._run({"id": evaluation_id}))

    async def _run(self, argument: Json) -> Json:
        evaluation_id = argument["id"]
        async with self._turns:
            async with self._database.transaction(SYSTEM) as uow:
                row = await store.find(uow, evaluation_id)
                if row is None or not await store.begin(uow, evaluation_id):
                    return {"id": evaluation_id, "outcome": None}
            outcome = await self._in_child(row)
        return {"id": evaluation_id, "outcome": msgspec.to_builtins(outcome)}

    async def _in_child(self, row: store.EvaluationRow) -> Outcome:
        settings = self._settings
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self._folder) as given, TemporaryDirectory() as own:
            paths = {}
            for name, sha256 in (
                ("model", row.model_sha256),
                ("data", row.dataset_sha256),
                ("rows", row.rows_sha256),
            ):
                if sha256 is not None:
                    paths[name] = Path(given, name)
                    await self._fetch(sha256, paths[name])
            job = Job(
                model=str(paths["model"]),
                data=str(paths["data"]),
                format=table_format(row.dataset_path) or "csv",
                rows=str(paths["rows"]) if "rows" in paths else None,
                target=row.target,
                task=row.task,
                max_rows=settings.max_rows,
                max_cells=settings.max_cells,
            )
            ended = await run_limited(
                CHILD,
                msgspec.json.encode(job).decode(),
                limits=Limits(memory_bytes=settings.memory_bytes, cpu_s=settings.cpu_s),
                timeout_s=settings.timeout_s,
                folder=Path(own),
            )
        return self._outcome(ended)

    def _outcome(self, ended: Ended) -> Outcome:
        said = plain_log(ended.log)
        problem = ""
        if ended.status is None:
            problem = f"running it took longer than {self._settings.timeout_s:g} s"
        elif ended.used_up_cpu:
            problem = f"running it took more than {self._settings.cpu_s} s of processor time"
        elif ended.status != 0:
            problem = "running it needed more memory than is allowed, or it crashed"
        if problem:
            return Outcome(finding=Finding(problem=problem), log=said)
        try:
            return Outcome(finding=msgspec.json.decode(ended.output, type=Finding), log=said)
        except msgspec.DecodeError:
            return Outcome(finding=Finding(problem="the run gave no answer"), log=said)

    async def _fetch(self, sha256: str, path: Path) -> None:
        with await asyncio.to_thread(path.open, "wb") as file:
            async for chunk in self._artifacts.open(sha256):
                await asyncio.to_thread(file.write, chunk)

    async def _note(self, argument: Json) -> Json:
        if argument["outcome"] is None:
            return {}
        outcome = msgspec.convert(argument["outcome"], Outcome)
        async with self._database.transaction(SYSTEM) as uow:
            row = await store.find(uow, argument["id"])
            if row is not None:
                await self._conclude(uow, row, outcome)
        return {}

    async def _conclude(self, uow: UnitOfWork, row: store.EvaluationRow, outcome: Outcome) -> None:
        finding = outcome.finding
        results = [
            compare(claim, finding.values[claim.measure])
            for claim in row.read_claims()
            if claim.measure in finding.values
        ]
        problem = plain_log(finding.problem, limit=500)
        if not problem and not results:
            problem = "the run measured none of the claimed metrics"
        first = await store.end(
            uow,
            row.id,
            results=[] if problem else results,
            row_count=finding.row_count or None,
            problem=problem,
            log=outcome.log,
            environment=finding.environment,
        )
        if first:
            await self._announce(uow, row, results=[] if problem else results, problem=problem)

    async def _announce(
        self, uow: UnitOfWork, row: store.EvaluationRow, *, results: list[Result], problem: str
    ) -> None:
        found = await self._listings.summaries(uow, [row.listing_id])
        listing = found[row.listing_id]
        uow.publish(
            EvaluationFinished(
                evaluation_id=row.id,
                listing_id=row.listing_id,
                address=listing.address,
                title=listing.title,
                organisation_id=row.owner_organisation_id,
                verified=[one.name for one in results if one.verdict == "verified"],
                differing=[one.name for one in results if one.verdict == "differs"],
                problem=problem,
            )
        )


def evaluation_handler(workflows: Workflows) -> Handler:
    """Starts the run of each request, once by the evaluation's id."""

    async def run(_uow: UnitOfWork, delivered: Sequence[Delivered[EvaluationRequested]]) -> None:
        for item in delivered:
            await workflows.start(
                NAME,
                workflow_id=f"{NAME}:{item.event.evaluation_id}",
                argument={"id": item.event.evaluation_id},
            )

    return Handler(name=NAME, events=(EvaluationRequested,), run=run, batch=20)


async def restart_overdue(uow: UnitOfWork, workflows: Workflows) -> int:
    """Starts evaluations again that have waited too long; answers how many."""
    overdue = await store.overdue(uow, before=uow.now - OVERDUE, limit=100)
    for evaluation_id in overdue:
        await workflows.start(
            NAME,
            workflow_id=f"{NAME}:{evaluation_id}:{uow.now:%Y%m%dT%H}",
            argument={"id": evaluation_id},
        )
    if overdue:
        log.warning("evaluations were overdue; started again", count=len(overdue))
    return len(overdue)
