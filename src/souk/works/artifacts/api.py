"""What other contexts may ask of artifacts."""

from collections.abc import AsyncIterator, Collection
from pathlib import Path
from typing import Protocol

from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.works import Artifact

__all__ = ["Artifact", "Artifacts"]


class Artifacts(Protocol):
    """Content by its hash. Rows are seen by holders, and by all once published."""

    async def get(self, uow: UnitOfWork, sha256: str) -> Artifact:
        """The artifact of this hash.

        Raises:
            NotFound: `artifact_unknown`, also when this scope may not see it.
        """
        ...

    async def get_many(self, uow: UnitOfWork, sha256s: Collection[str]) -> dict[str, Artifact]:
        """Those of these artifacts that are there and may be seen, by hash."""
        ...

    def open(self, sha256: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, but not including, `end`, in chunks of at most 1 MiB.

        The one way to read content; whoever calls it has checked that the reader may.

        Raises:
            NotFound: `artifact_unknown` when no such bytes are stored.
        """
        ...

    async def holds(self, uow: UnitOfWork, organisation_id: str, sha256: str) -> bool:
        """Whether the organisation has sent these bytes itself."""
        ...

    async def held(
        self, uow: UnitOfWork, organisation_id: str, sha256s: Collection[str]
    ) -> dict[str, Artifact]:
        """Those of these artifacts that the organisation holds, by hash."""
        ...

    async def keep_made(
        self, uow: UnitOfWork, path: Path, *, organisation_id: str, media_type: str
    ) -> Artifact:
        """Takes over a file that the marketplace itself has made, such as a scaled picture.

        Its bytes are durable when this returns; it needs no scan.
        """
        ...

    async def make_public(self, uow: UnitOfWork, sha256s: Collection[str]) -> None:
        """Lets everybody see these artifacts' rows: a published work names them."""
        ...
