"""How long-running work tells how far it is, and remembers what can be resumed."""

from typing import Literal, Protocol

import msgspec

Phase = Literal["hash", "upload", "download"]


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """`done_bytes` of `total_bytes` of a file are through this phase."""

    path: str
    phase: Phase
    done_bytes: int
    total_bytes: int


class OnProgress(Protocol):
    """Called often, from several threads."""

    def __call__(self, progress: Progress, /) -> None: ...


class UploadMemory(Protocol):
    """Remembers which upload a file's content belongs to, between runs."""

    def recall(self, sha256: str) -> str | None:
        """The id of an unfinished upload of this content."""
        ...

    def note(self, sha256: str, upload_id: str) -> None:
        """An upload has begun."""
        ...

    def forget(self, sha256: str) -> None:
        """The upload is complete, or lost."""
        ...


def silent(progress: Progress, /) -> None:
    """Tells nobody."""
