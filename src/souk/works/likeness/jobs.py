"""Looks at every file that becomes public: noted when it is published, looked at in the worker."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
import structlog

from souk.infra.children import Limits, run_limited
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.waiting import waited
from souk.kernel.errors import SoukError
from souk.works.artifacts.api import Artifacts
from souk.works.likeness import store
from souk.works.likeness.events import LikenessKnown
from souk.works.likeness.model import MIN_BYTES
from souk.works.likeness.settings import LikenessSettings
from souk.works.likeness.sketching import Features
from souk.works.likeness.store import WaitingRow
from souk.works.listings.api import Listings
from souk.works.listings.events import VersionPublished

AT_ONCE: Final = 20
AT_ONCE_BYTES: Final = 64 * 2**20
ATTEMPTS: Final = 3
LOOK_EVERY_S: Final = 30.0
_CHILD: Final = "souk.works.likeness.child"

log = structlog.get_logger("souk.likeness")


class LikenessWorker:
    """Looks at files one batch after another, in a process that can be killed."""

    def __init__(
        self,
        database: Database,
        artifacts: Artifacts,
        listings: Listings,
        *,
        settings: LikenessSettings,
        folder: Path,
    ) -> None:
        self._database = database
        self._artifacts = artifacts
        self._listings = listings
        self._settings = settings
        self._folder = folder
        self._wake = asyncio.Event()

    def handler(self) -> Handler:
        """Notes the files of each version that becomes public."""
        return Handler(name="works.likeness", events=(VersionPublished,), run=self._note, batch=20)

    async def _note(
        self, uow: UnitOfWork, delivered: Sequence[Delivered[VersionPublished]]
    ) -> None:
        for item in delivered:
            files = [
                (file.sha256, file.size_bytes, file.path.rpartition("/")[2])
                for file in await self._listings.version_files(uow, item.event.version_id)
            ]
            most = self._settings.max_file_bytes
            await store.note(uow, files, least=MIN_BYTES, most=most)
        uow.after_commit(self._wake.set)

    async def run(self) -> None:
        """Looks at what waits, until it is cancelled."""
        while True:
            self._wake.clear()  # before looking: what is noted meanwhile wakes it again
            try:
                while await self.look():
                    pass
            except Exception:
                log.exception("looking for likeness went wrong; it is tried again")
            await waited(self._wake, LOOK_EVERY_S)

    async def look(self) -> bool:
        """Looks at the next files; False when none wait."""
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            files = _batch(await store.waiting(uow, limit=AT_ONCE))
        if not files:
            return False
        self._folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self._folder) as name:
            found = await self._look_at(files, Path(name))
        async with self._database.transaction(SYSTEM) as uow:
            for file, features in zip(files, found, strict=False):
                if await store.known(uow, file.sha256, features):
                    uow.publish(LikenessKnown(sha256=file.sha256))
            rest = [file.sha256 for file in files[len(found) :]]
            await store.failed(uow, rest, most_attempts=ATTEMPTS)
        return True

    async def _look_at(self, files: Sequence[WaitingRow], folder: Path) -> list[Features]:
        """The features of these files in order, up to the first that went wrong."""
        words: list[str] = []
        for number, file in enumerate(files):
            path = folder / str(number)
            try:
                with path.open("wb") as copy:
                    async for part in self._artifacts.open(file.sha256):
                        await asyncio.to_thread(copy.write, part)
            except (SoukError, OSError) as error:
                log.warning("a file cannot be compared", sha256=file.sha256, problem=str(error))
                break
            words += [path.name, file.name]
        if not words:
            return []
        ended = await run_limited(
            _CHILD,
            *words,
            limits=Limits(memory_bytes=self._settings.memory_bytes, cpu_s=self._settings.cpu_s),
            timeout_s=self._settings.timeout_s,
            folder=folder,
        )
        if ended.status != 0:
            log.warning("files cannot be compared", count=len(files), problem=ended.log[-500:])
        found: list[Features] = []
        with suppress(msgspec.DecodeError):
            for line in ended.output.splitlines():
                found.append(msgspec.json.decode(line, type=Features, strict=False))
        return found


def _batch(waiting: Sequence[WaitingRow]) -> list[WaitingRow]:
    """As many as fit into one look; what went wrong before is looked at alone."""
    batch: list[WaitingRow] = []
    size = 0
    for file in waiting:
        size += file.size_bytes
        if batch and (size > AT_ONCE_BYTES or file.attempts > 0):
            break
        batch.append(file)
        if file.attempts > 0:
            break
    return batch
