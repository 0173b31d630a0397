"""What other contexts may ask of downloads."""

from typing import Protocol

import msgspec

from souk.delivery.downloads.ranges import choose_span, is_not_modified
from souk.infra.postgres.uow import UnitOfWork

__all__ = ["Downloads", "WantedFile", "choose_span", "is_not_modified"]


class WantedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a published version."""

    version_id: str
    path: str
    sha256: str
    size_bytes: int
    media_type: str


class Downloads(Protocol):
    """Signed addresses of licensed files."""

    async def address(self, uow: UnitOfWork, licence_id: str, file: WantedFile) -> str:
        """Where this file can be fetched for a short time, under a licence that is good.

        Whoever calls this has checked that the caller may use the licence. A download counts when
        its bytes are asked for at the address.
        """
        ...

    async def note(self, licence_id: str, *, version_id: str, sha256: str) -> None:
        """Notes that a file is about to leave under a licence, in a transaction of its own.

        The first note of a licence ends the right to a refund; with one at the same time, one of
        them wins.

        Raises:
            Forbidden: `licence_not_good`.
        """
        ...
