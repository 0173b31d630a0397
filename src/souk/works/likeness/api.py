"""What other contexts may ask of likeness."""

from typing import Literal, Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork

__all__ = ["FoundBy", "Like", "Likeness", "LookedAt"]

FoundBy = Literal["chunks", "tensors", "shapes"]
LookedAt = Literal["waiting", "known", "skipped", "failed", "unknown"]


class Like(msgspec.Struct, frozen=True, kw_only=True):
    """Another published file with much of the same content."""

    sha256: str
    share: float
    """From 0 to 1: of `chunks` how much of both files together they have in common; of `tensors`
    and `shapes` how much of the file's weights the other one has, bit for bit or nearly."""
    found_by: FoundBy


class Likeness(Protocol):
    """Likeness of published files."""

    async def looked_at(self, uow: UnitOfWork, sha256: str) -> LookedAt:
        """Whether the file can be compared; `unknown`: it was never published."""
        ...

    async def like(self, uow: UnitOfWork, sha256: str, *, limit: int = 20) -> list[Like]:
        """Other published files like this one, the most alike first; each once."""
        ...
