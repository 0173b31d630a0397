"""Decoding pictures, a few at a time, each in a child of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from souk.infra.children import Limits, run_limited
from souk.works.galleries.errors import ImagesBusy, ImageTooLarge, ImageUnreadable
from souk.works.galleries.findings import Looked, Made
from souk.works.galleries.settings import GallerySettings

CHILD = "souk.works.galleries.child"


class Decoder:
    """Turns a file that claims to be a picture into pictures that are."""

    def __init__(self, settings: GallerySettings, *, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._turns = asyncio.Semaphore(settings.at_once)
        self._inside = 0

    @asynccontextmanager
    async def decoded(self, content: bytes) -> AsyncIterator[list[tuple[Made, Path]]]:
        """The picture in each width, as files beside the blobs that are gone after the block.

        Raises:
            Unavailable: `images_busy`. TooLarge: `image_too_large`. Invalid: `image_unreadable`.
        """
        settings = self._settings
        if self._inside >= settings.at_once + settings.waiting:
            raise ImagesBusy()
        self._inside += 1
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=self._folder) as folder:
                source = Path(folder, "source")
                await asyncio.to_thread(source.write_bytes, content)
                async with self._turns:
                    made = await self._run(source, Path(folder))
                yield [(one, Path(folder, one.name)) for one in made]
        finally:
            self._inside -= 1

    async def _run(self, source: Path, folder: Path) -> list[Made]:
        settings = self._settings
        ended = await run_limited(
            CHILD,
            str(source),
            str(settings.max_pixels),
            limits=Limits(
                memory_bytes=settings.memory_bytes,
                cpu_s=settings.cpu_s,
                file_bytes=settings.max_source_bytes,
            ),
            timeout_s=settings.timeout_s,
            folder=folder,
        )
        if ended.status is None or ended.used_up_cpu:
            raise ImageTooLarge("reading it takes too long")
        if ended.status != 0:
            raise ImageTooLarge("reading it needs more memory than is allowed, or went wrong")
        looked = msgspec.json.decode(ended.output, type=Looked)
        if looked.kind == "too_large":
            raise ImageTooLarge(looked.problem)
        if looked.kind == "unreadable" or not looked.made:
            raise ImageUnreadable(looked.problem)
        return looked.made
