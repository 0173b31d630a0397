"""Beside the requests: making plain artifacts readable by Xet, and removing what nobody uses."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from souk.delivery.xet import removal_store, store
from souk.delivery.xet.model import blob_name
from souk.delivery.xet.settings import XetSettings
from souk.delivery.xet.viewing import Viewer
from souk.infra.blobs.store import BlobStore
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.workflows import Step, Workflow, Workflows
from souk.infra.workflows.engine import Json
from souk.works.artifacts.api import Artifacts
from souk.works.artifacts.events import ArtifactScanned

NAME: Final = "xet.make_readable"
PAGE: Final = 500
REMOVED_AT_ONCE: Final = 1000
REMOVAL_DELAY: Final = timedelta(hours=1)
"""Longer than a xorb takes to be stored: its bytes are noted for removal until its row is there."""

log = structlog.get_logger("souk.xet")


def view_workflow(viewer: Viewer) -> Workflow:
    """One step, which may be repeated: nothing is written before all of the file is cut."""

    async def cut(argument: Json) -> Json:
        return {"hash": await viewer.make_readable(argument["sha256"])}

    return Workflow(name=NAME, steps=[Step(name="cut", run=cut)])


def view_handler(workflows: Workflows, artifacts: Artifacts, *, settings: XetSettings) -> Handler:
    """Starts the workflow of each artifact that the scan let through and that is large enough."""

    async def run(uow: UnitOfWork, delivered: Sequence[Delivered[ArtifactScanned]]) -> None:
        clean = {item.event.sha256: item for item in delivered if item.event.state == "clean"}
        known = await store.hashes_of(uow, clean)
        for sha256, artifact in (await artifacts.get_many(uow, clean)).items():
            if sha256 not in known and artifact.size_bytes >= settings.plain_min_bytes:
                workflow_id = f"{NAME}:{clean[sha256].id}"
                await workflows.start(NAME, workflow_id=workflow_id, argument={"sha256": sha256})

    return Handler(name=NAME, events=(ArtifactScanned,), run=run, batch=50)


async def start_overdue(
    uow: UnitOfWork, workflows: Workflows, artifacts: Artifacts, *, settings: XetSettings
) -> int:
    """Starts it for what was there before, or was released later; answers for how many."""
    count, after = 0, ""
    while True:
        page = await artifacts.clean_after(
            uow, after, min_bytes=settings.plain_min_bytes, limit=PAGE
        )
        known = await store.hashes_of(uow, [artifact.sha256 for artifact in page])
        for artifact in page:
            if artifact.sha256 not in known:
                count += 1
                await workflows.start(
                    NAME,
                    workflow_id=f"{NAME}:{artifact.sha256}:{uow.now:%Y%m%d}",
                    argument={"sha256": artifact.sha256},
                )
        if len(page) < PAGE:
            return count
        after = page[-1].sha256


async def remove_unused(
    uow: UnitOfWork,
    database: Database,
    blobs: BlobStore,
    *,
    settings: XetSettings,
    delay: timedelta = REMOVAL_DELAY,
) -> int:
    """Forgets xorbs that no file is built on, and removes the bytes of those forgotten before.

    Their bytes go `delay` after they were forgotten, each under the lock of its xorb: should it be
    sent again in between, it is kept.
    """
    removed = 0
    async with database.transaction(SYSTEM, read_only=True) as reading:
        waiting = await removal_store.to_remove(
            reading, before=reading.now - delay, limit=REMOVED_AT_ONCE
        )
    for xorb in waiting:
        async with database.transaction(SYSTEM) as removing:
            await removal_store.lock_xorb(removing, xorb)
            known = (await store.xorbs(removing, [xorb])).get(xorb)
            if known is None or known.source_sha256 is not None:  # which has no bytes of its own
                await blobs.remove(blob_name(xorb))
                removed += 1
            await removal_store.removed(removing, xorb)
    before = uow.now - timedelta(hours=settings.xorb_grace_hours)
    forgotten = await removal_store.forget_unused(uow, before=before, limit=REMOVED_AT_ONCE)
    if forgotten or removed:
        log.info("unused xorbs were removed", forgotten=forgotten, removed=removed)
    return forgotten
