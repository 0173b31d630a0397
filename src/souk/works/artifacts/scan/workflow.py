"""The durable scan of each new artifact: look at it in a child process, then write the finding.

Small files are looked at many together: a commit may bring thousands of them.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
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
from souk.works.artifacts.scan.runner import scan_in_child, scan_together
from souk.works.artifacts.settings import ArtifactSettings

NAME: Final = "works.scan"
TOGETHER: Final = "works.scan_together"
SMALL_BYTES: Final = 2**20
AT_ONCE: Final = 50
"""How many small files one child looks at at most."""
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

    def workflows(self) -> list[Workflow]:
        """Of two steps: looking may be repeated after a crash, findings are written once."""
        look, note = Step(name="look", run=self._look), Step(name="note", run=self._note)
        look_at_all = Step(name="look", run=self._look_at_all)
        note_all = Step(name="note", run=self._note_all)
        return [
            Workflow(name=NAME, steps=[look, note]),
            Workflow(name=TOGETHER, steps=[look_at_all, note_all]),
        ]

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

    async def _look_at_all(self, argument: Json) -> Json:
        """As `_look`, of several; those that are stored in another form are small, and copied."""
        files = argument["files"]
        with TemporaryDirectory(prefix="souk-scan-") as folder:
            paths = [await self._path(file["sha256"], Path(folder)) for file in files]
            named = [(path, file["name"]) for path, file in zip(paths, files, strict=True)]
            async with self._turns:
                findings = await scan_together(named, settings=self._settings)
        return {
            "found": [
                {"sha256": file["sha256"], "finding": msgspec.to_builtins(finding)}
                for file, finding in zip(files, findings, strict=True)
            ]
        }

    async def _path(self, sha256: str, folder: Path) -> Path:
        path = await self._contents.local_path(sha256)
        if path is not None:
            return path
        copy = folder / sha256
        copy.write_bytes(b"".join([part async for part in self._contents.read(sha256)]))
        return copy

    async def _note_all(self, argument: Json) -> Json:
        async with self._database.transaction(SYSTEM) as uow:
            for one in argument["found"]:
                finding = msgspec.convert(one["finding"], Finding)
                await note_finding(uow, one["sha256"], finding)
        return {}

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
    """Starts the workflow of each large artifact, and one for small ones that came together.

    Once by the event's id; a crash may let one be looked at twice, and the first finding stays.
    """

    async def run(_uow: UnitOfWork, delivered: Sequence[Delivered[ArtifactStored]]) -> None:
        small = [item for item in delivered if item.event.size_bytes <= SMALL_BYTES]
        for item in delivered:
            if item.event.size_bytes > SMALL_BYTES:
                await workflows.start(
                    NAME, workflow_id=f"{NAME}:{item.id}", argument=_file(item.event)
                )
        if small:
            await workflows.start(
                TOGETHER,
                workflow_id=f"{TOGETHER}:{small[0].id}:{len(small)}",
                argument={"files": [_file(item.event) for item in small]},
            )

    return Handler(name=NAME, events=(ArtifactStored,), run=run, batch=AT_ONCE)


def _file(event: ArtifactStored) -> Json:
    return {"sha256": event.sha256, "name": event.filename}


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
