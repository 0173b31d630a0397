"""Making other forms of a content, once, each in a limited process of its own."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import structlog

from souk.delivery.assets import store
from souk.delivery.assets.codings import CODINGS, IDENTITY
from souk.delivery.assets.errors import MakersBusy, NoPicture
from souk.delivery.assets.findings import Finding, Job, PictureJob, TextJob
from souk.delivery.assets.model import minified_as
from souk.delivery.assets.pictures import Wish
from souk.delivery.assets.settings import AssetSettings
from souk.delivery.assets.store import AssetRow, MadeRow
from souk.infra.blobs.store import BlobStore
from souk.infra.children import Limits, run_limited
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.works.artifacts.api import Artifacts

CHILD = "souk.delivery.assets.child"

log = structlog.get_logger("souk.assets")


class Making:
    """Gives forms of contents: those that are there, or fresh ones."""

    def __init__(
        self,
        database: Database,
        artifacts: Artifacts,
        *,
        blobs: BlobStore,
        settings: AssetSettings,
        folder: Path,
    ) -> None:
        self._database = database
        self._artifacts = artifacts
        self._blobs = blobs
        self._settings = settings
        self._folder = folder
        self._turns = asyncio.Semaphore(settings.at_once)
        self._inside = 0
        self._under_way: dict[tuple[str, str], asyncio.Task[dict[str, MadeRow]]] = {}

    async def texts(self, asset: AssetRow) -> dict[str, MadeRow]:
        """The forms of a text by coding, `identity` for the minified one; as many as are of use.

        Raises:
            Unavailable: `variants_busy`.
        """
        kind = minified_as(asset.media_type) if asset.optimise else ""
        prefix = f"{kind}-" if kind else ""
        recipes = [f"{prefix}{coding}" for coding in (IDENTITY, *CODINGS)]
        made = await self._made(asset, recipes, TextJob(minify=kind, prefix=prefix))
        return {
            recipe.removeprefix(prefix): row
            for recipe, row in made.items()
            if row.made_sha256 is not None
        }

    async def picture(self, asset: AssetRow, wish: Wish) -> MadeRow:
        """A variant of a picture.

        Raises:
            Invalid: `variant_impossible`. Unavailable: `variants_busy`.
        """
        job = PictureJob(
            recipe=wish.recipe,
            width=wish.width,
            form=wish.form,
            quality=wish.quality,
            max_pixels=self._settings.max_pixels,
        )
        made = await self._made(asset, [wish.recipe], job, media_type=wish.media_type)
        row = made[wish.recipe]
        if row.made_sha256 is None:
            raise NoPicture("this one cannot be read, or is too large")
        return row

    def read(self, asset: AssetRow, row: MadeRow, *, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes of a form."""
        return self._blobs.read(_name(asset.sha256, row.recipe), start=start, end=end)

    async def sweep(self, *, limit: int = 500) -> int:
        """Removes what was made of contents that are gone; answers how much that was."""
        async with self._database.transaction(SYSTEM) as uow:
            gone = await store.take_unneeded(uow, limit=limit)
        for sha256, recipe in gone:
            await self._blobs.remove(_name(sha256, recipe))
        return len(gone)

    async def close(self) -> None:
        """Ends what is under way; it begins anew when it is asked for again."""
        for task in tuple(self._under_way.values()):
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def _made(
        self, asset: AssetRow, recipes: Sequence[str], job: Job, *, media_type: str = ""
    ) -> dict[str, MadeRow]:
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            rows = await store.made(uow, asset.sha256, recipes)
        found = {row.recipe: row for row in rows}
        if len(found) == len(recipes):
            return found
        key = (asset.sha256, recipes[0])
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(
                self._make(asset, recipes, job, media_type=media_type or asset.media_type)
            )
            self._under_way[key] = task
            task.add_done_callback(lambda _done: self._under_way.pop(key, None))
        return await asyncio.shield(task)

    async def _make(
        self, asset: AssetRow, recipes: Sequence[str], job: Job, *, media_type: str
    ) -> dict[str, MadeRow]:
        if self._inside >= self._settings.at_once + self._settings.waiting:
            raise MakersBusy()
        self._inside += 1
        try:
            async with self._turns:
                await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
                with TemporaryDirectory(dir=self._folder) as folder:
                    rows = await self._run(asset, recipes, job, Path(folder), media_type)
        finally:
            self._inside -= 1
        async with self._database.transaction(SYSTEM) as uow:
            await store.note_made(uow, asset.sha256, rows)
            rows = await store.made(uow, asset.sha256, recipes)
        return {row.recipe: row for row in rows}

    async def _run(
        self,
        asset: AssetRow,
        recipes: Sequence[str],
        job: Job,
        folder: Path,
        media_type: str,
    ) -> list[MadeRow]:
        source = folder / "source"
        await asyncio.to_thread(source.touch)
        async for chunk in self._artifacts.open(asset.sha256):
            await asyncio.to_thread(_append, source, chunk)
        finding = await self._child(source, job, folder)
        if finding.problem:
            log.info("nothing was made of an asset", asset=asset.id, why=finding.problem)
            if isinstance(job, PictureJob) and not finding.made:
                await self._note_nothing(asset, recipes, media_type)
                raise NoPicture(finding.problem)
        names = {one.recipe: one.name for one in finding.made}
        rows = []
        for recipe in recipes:
            name = names.get(recipe)
            if name is None:
                rows.append(_nothing(recipe, media_type))
                continue
            path = folder / name
            content = await asyncio.to_thread(path.read_bytes)
            await self._blobs.put_file(_name(asset.sha256, recipe), path)
            rows.append(
                MadeRow(
                    recipe=recipe,
                    made_sha256=hashlib.sha256(content).hexdigest(),
                    size_bytes=len(content),
                    media_type=media_type,
                )
            )
        return rows

    async def _child(self, source: Path, job: Job, folder: Path) -> Finding:
        """What the child says; a child that did not end well has made nothing.

        Raises:
            Unavailable: `variants_busy`, when it was not done in time.
        """
        settings = self._settings
        ended = await run_limited(
            CHILD,
            str(source),
            msgspec.json.encode(job).decode(),
            limits=Limits(
                memory_bytes=settings.memory_bytes,
                cpu_s=settings.cpu_s,
                file_bytes=settings.max_source_bytes * 2,
            ),
            timeout_s=settings.timeout_s,
            folder=folder,
        )
        if ended.status == 0:
            return msgspec.json.decode(ended.output, type=Finding)
        if ended.status is None:
            raise MakersBusy()  # the machine's fault, as likely as the content's
        log.warning("making a form of an asset failed", status=ended.status, log=ended.log[-500:])
        return Finding(
            problem="reading this one takes too long"
            if ended.used_up_cpu
            else "this one needs more memory than is allowed"
        )

    async def _note_nothing(self, asset: AssetRow, recipes: Sequence[str], media_type: str) -> None:
        async with self._database.transaction(SYSTEM) as uow:
            await store.note_made(
                uow, asset.sha256, [_nothing(recipe, media_type) for recipe in recipes]
            )


def _nothing(recipe: str, media_type: str) -> MadeRow:
    return MadeRow(recipe=recipe, made_sha256=None, size_bytes=0, media_type=media_type)


def _name(sha256: str, recipe: str) -> str:
    return f"assets/{sha256[:2]}/{sha256}/{recipe}"


def _append(path: Path, chunk: bytes) -> None:
    with path.open("ab") as file:
        file.write(chunk)
