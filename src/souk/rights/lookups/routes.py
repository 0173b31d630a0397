"""HTTP: look-up of files by hash, and works that are like a work."""

from typing import Annotated

from litestar import get
from litestar.params import Parameter

from souk.infra.postgres.uow import UnitOfWork
from souk.rights.lookups.service import LookupService
from souk_client.contracts.lookups import Copies, FileLookup

FileHash = Annotated[str, Parameter(pattern="^[0-9a-f]{64}$", description="SHA-256, 64 hex digits")]


@get("/lookup/{sha256:str}", tags=["rights"])
async def look_up_file(sha256: FileHash, uow: UnitOfWork, lookups: LookupService) -> FileLookup:
    """Who published these bytes first, which works hold them, and which files are like them."""
    return await lookups.file(uow, sha256)


@get("/listings/{listing_id:str}/copies", tags=["rights"])
async def list_copies(listing_id: str, uow: UnitOfWork, lookups: LookupService) -> Copies:
    """Works of other sellers with files like those of this one, published before or after it."""
    return await lookups.copies(uow, listing_id)


ROUTES = [look_up_file, list_copies]
