"""The durable scan of each new artifact: look at it in a child process, then write the finding."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec
import structlog

from souk.infra.blobs.store import BlobStore
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.workflows import Step, Workflow, Workflows
from souk.infra.workflows.engine import Json
from souk.works.artifacts import store
from souk.works.artifacts.api import PiecewiseContent
from souk.works.artifacts.contents import Contents
from souk.works.artifacts.errors import ArtifactUnknown
from souk.works.artifacts.events import ArtifactScanned, ArtifactStored
from souk.works.artifacts.scan.feeding import Fed
from souk.works.artifacts.scan.findings import Finding
from souk.works.artifacts.scan.runner import scan_in_child
from souk.works.artifacts.settings import ArtifactSettings

NAME: Final = "works.scan"
OVERDUE: Final = timedelta(minutes=30)

log = structlog.get_logger("souk.scan")


class ScanService:
    """Looks at artifacts and writes down what was found."""

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        *,
        settings: ArtifactSettings,
        pieces: PiecewiseContent | None = None,
    ) -> None:
        self._database = database
        self._contents = Contents(blobs, pieces)
        self._settings = settings
        self._turns = asyncio.Semaphore(settings.scan_workers)

    def workflow(self) -> Workflow:
        """Two steps: looking may be repeated after a crash, the finding is written once."""
        return Workflow(
            name=NAME, steps=[Step(name="look", run=self._look), Step(name="note", run=self._note)]
        )

    async def scan(self, sha256: str, *, name: str) -> Finding:
        """Both steps at once."""
        found = await self._look({"sha256": sha256, "name": name})
        await self._note(found)
        return msgspec.convert(found["finding"], Finding)

    async def _look(self, argument: Json) -> Json:
        async with self._turns:
            source = await self._source(argument["sha256"])
            finding = await scan_in_child(source, name=argument["name"], settings=self._settings)
        return {"sha256": argument["sha256"], "finding": msgspec.to_builtins(finding)}

    async def _source(self, sha256: str) -> Path | Fed:
        """The file itself, or its bytes in ranges where they are stored in another form."""
        path = await self._contents.local_path(sha256)
        if path is not None:
            return path
        size = await self._contents.size(sha256)
        if size is None:
            raise ArtifactUnknown()

        def read(start: int, end: int) -> AsyncIterator[bytes]:
            return self._contents.read(sha256, start=start, end=end)

        return Fed(size, read)

    async def _note(self, argument: Json) -> Json:
        finding = msgspec.convert(argument["finding"], Finding)
        async with self._database.transaction(SYSTEM) as uow:
            await note_finding(uow, argument["sha256"], finding)
        return {}


async def note_finding(uow: UnitOfWork, sha256: str, finding: Finding) -> None:
    """Writes a finding and announces it; one that is there already stays (system scope)."""
    if await store.note_scan(
        uow,
        sha256,
        state=finding.state,
        format_name=finding.format,
        media_type=finding.media_type,
        reasons=finding.reasons,
        facts=finding.facts,
    ):
        uow.publish(
            ArtifactScanned(
                sha256=sha256, state=finding.state, format=finding.format, reasons=finding.reasons
            )
        )


def scan_handler(workflows: Workflows) -> Handler:
    """Starts the workflow of each stored artifact, once by the event's id."""

    async def run(_uow: UnitOfWork, delivered: Sequence[Delivered[ArtifactStored]]) -> None:
        for item in delivered:
            event = item.event
            await workflows.start(
                NAME,
                workflow_id=f"{NAME}:{item.id}",
                argument={"sha256": event.sha256, "name": event.filename},
            )

    return Handler(name=NAME, events=(ArtifactStored,), run=run, batch=20)


async def restart_overdue(uow: UnitOfWork, workflows: Workflows) -> int:
    """Starts the scan again of artifacts that have waited too long; answers how many."""
    overdue = await store.pending_since(uow, before=uow.now - OVERDUE, limit=100)
    for sha256, filename in overdue:
        await workflows.start(
            NAME,
            workflow_id=f"{NAME}:{sha256}:{uow.now:%Y%m%dT%H}",
            argument={"sha256": sha256, "name": filename},
        )
    if overdue:
        log.warning("scans were overdue; started again", count=len(overdue))
    return len(overdue)
