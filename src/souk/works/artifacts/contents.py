"""Where an artifact's bytes are: in a blob of its own, or in pieces kept by something above."""

from collections.abc import AsyncIterator
from pathlib import Path

import structlog

from souk.infra.blobs.segments import BlobDamaged
from souk.infra.blobs.store import BlobStore
from souk.works.artifacts.api import PiecewiseContent
from souk.works.artifacts.errors import ArtifactDamaged, ArtifactUnknown
from souk.works.artifacts.model import blob_name

log = structlog.get_logger("souk.artifacts")


class Contents:
    """Reads the bytes of an artifact in whichever form they are stored."""

    def __init__(self, blobs: BlobStore, pieces: PiecewiseContent | None = None) -> None:
        self._blobs = blobs
        self._pieces = pieces

    async def size(self, sha256: str) -> int | None:
        """How many bytes are stored under this hash; None when none are.

        Raises:
            BlobDamaged: what is stored is no blob any more.
        """
        size = await self._blobs.size(blob_name(sha256))
        if size is None and self._pieces is not None:
            size = await self._pieces.size(sha256)
        return size

    async def read(
        self, sha256: str, *, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, but not including, `end`, at most 1 MiB at once.

        Raises:
            NotFound: `artifact_unknown` when no such bytes are stored.
            Damaged: `artifact_damaged` when an encrypted blob was changed since.
        """
        try:
            async for chunk in self._read(sha256, start, end):
                yield chunk
        except BlobDamaged as error:
            log.exception("an artifact is damaged", sha256=sha256)
            raise ArtifactDamaged() from error

    async def _read(self, sha256: str, start: int, end: int | None) -> AsyncIterator[bytes]:
        name = blob_name(sha256)
        size = await self._blobs.size(name)
        if size is not None:
            until = size if end is None else min(end, size)
            async for chunk in self._blobs.read(name, start=start, end=until):
                yield chunk
            return
        size = None if self._pieces is None else await self._pieces.size(sha256)
        if size is None or self._pieces is None:
            raise ArtifactUnknown()
        until = size if end is None else min(end, size)
        async for chunk in self._pieces.read(sha256, start=start, end=until):
            yield chunk

    async def local_path(self, sha256: str) -> Path | None:
        """Where the bytes lie as a file on this machine; None when they do not, or encrypted."""
        name = blob_name(sha256)
        path = self._blobs.local_path(name)
        return None if path is None or await self._blobs.size(name) is None else path
