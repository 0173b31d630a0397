"""What other contexts may ask of artifacts."""

from collections.abc import AsyncIterable, AsyncIterator, Collection, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.works import Artifact, PartReceived, Upload, UploadRequest

__all__ = [
    "Artifact",
    "Artifacts",
    "FileIntake",
    "PiecewiseContent",
    "SentContent",
    "StagedFile",
    "Uploads",
]


class PiecewiseContent(Protocol):
    """Content that is stored in pieces and not as one blob (delivery keeps it for Xet)."""

    async def size(self, sha256: str) -> int | None:
        """How many bytes are stored under this hash; None when none are."""
        ...

    def read(self, sha256: str, *, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end`, which is not past the last, at most 1 MiB at once."""
        ...


class SentContent(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of content that was sent in pieces."""

    sha256: str
    size_bytes: int
    mib_digests: list[bytes]
    """The sha256 of each MiB of it in order, from which its CID is made; of nothing, when empty.
    May be left empty when these bytes are an artifact already."""


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

    async def keep_sent(
        self, uow: UnitOfWork, sent: SentContent, *, organisation_id: str, filename: str = ""
    ) -> Artifact:
        """Takes up content that an organisation has sent in pieces (system scope).

        Its bytes are durable, can be read through the wiring's `PiecewiseContent`, and have this
        sha256: whoever calls this has read all of them. It is scanned like an upload.
        """
        ...

    async def holders(self, uow: UnitOfWork, sha256: str) -> list[str]:
        """The organisations that have sent these bytes, of those that this scope sees."""
        ...

    async def clean_after(
        self, uow: UnitOfWork, sha256: str = "", *, min_bytes: int, limit: int = 500
    ) -> list[Artifact]:
        """Clean artifacts of at least this size with a hash past this one, in their order."""
        ...

    async def make_public(self, uow: UnitOfWork, sha256s: Collection[str]) -> None:
        """Lets everybody see these artifacts' rows: a published work names them."""
        ...


class StagedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that has arrived and is not yet an artifact."""

    path: Path
    name: str
    """Its last name, which the scan goes by."""
    sha256: str
    size_bytes: int
    cid: str


class FileIntake(Protocol):
    """Takes many small files in at once, by the rules of uploads."""

    async def stage(self, content: bytes, *, name: str) -> StagedFile:
        """Keeps a file's bytes until `put_away` or `drop`. Raises Unavailable `storage_full`."""
        ...

    async def put_away(self, files: Sequence[StagedFile]) -> None:
        """Makes the bytes durable under their names. Outside of a transaction: it takes a while."""
        ...

    async def record(
        self, uow: UnitOfWork, files: Sequence[StagedFile], *, organisation_id: str
    ) -> dict[str, Artifact]:
        """The artifacts of files that were put away, by hash; the organisation holds them now."""
        ...

    async def drop(self, files: Sequence[StagedFile]) -> None:
        """Removes what is still staged of these files."""
        ...


class Uploads(Protocol):
    """Takes large files in, in parts."""

    async def begin(
        self,
        uow: UnitOfWork,
        actor: Actor,
        request: UploadRequest,
        *,
        part_size_bytes: int | None = None,
    ) -> Upload:
        """Announces a file; complete at once when the organisation holds these bytes already.

        Args:
            part_size_bytes: how long its parts shall be, in whole MiB, where the file does not need
                longer ones; an upload of the same bytes that is open already is gone on with.

        Raises:
            TooLarge: `file_too_large`. Invalid: `filename_invalid`, `size_mismatch`.
            TooMany: `uploads_open`. Unavailable: `storage_full`.
        """
        ...

    async def receive(
        self, actor: Actor, upload_id: str, *, number: int, stream: AsyncIterable[bytes]
    ) -> PartReceived:
        """Takes one part as it arrives; its bytes are durable when this returns.

        Raises:
            NotFound: `upload_unknown`. Gone: `upload_closed`.
            Invalid: `part_number_wrong`, `part_length_wrong`, `part_interrupted`.
            Conflict: `part_differs`, `part_under_way`. Unavailable: `storage_full`.
        """
        ...

    async def complete(self, actor: Actor, upload_id: str) -> Artifact:
        """Checks the hash and makes the file an artifact of the organisation. Safe to repeat.

        Raises:
            NotFound: `upload_unknown`. Gone: `upload_closed`. Invalid: `hash_mismatch`.
            Conflict: `parts_missing`, `completion_under_way`.
        """
        ...
