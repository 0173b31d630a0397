"""What other contexts may ask of look-ups."""

from typing import Protocol

from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.lookups import Copies, FileLookup

__all__ = ["Copies", "FileLookup", "Lookups"]


class Lookups(Protocol):
    """Look-up of files; all of it is public."""

    async def file(self, uow: UnitOfWork, sha256: str) -> FileLookup:
        """What is known of a file; of one that nobody has published, that."""
        ...

    async def copies(self, uow: UnitOfWork, listing_id: str) -> Copies:
        """Works of other sellers that are like this one. Raises NotFound `listing_unknown`."""
        ...
