"""HTTP: what changed between two versions."""

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from souk.infra.postgres.uow import UnitOfWork
from souk.works.listings.diffing import VersionDiffs
from souk_client.contracts.versions import VersionDiff

Named = Annotated[str, QueryParameter(name="from", min_length=1, max_length=64)]
Other = Annotated[str, QueryParameter(name="to", min_length=1, max_length=64)]


@get("/listings/{listing_id:str}/diff", tags=["works"])
async def diff_versions(
    listing_id: str, uow: UnitOfWork, version_diffs: VersionDiffs, from_version: Named, to: Other
) -> VersionDiff:
    """What changed from one version to another: files, metrics and the card."""
    return await version_diffs.diff(uow, listing_id, from_version=from_version, to_version=to)


ROUTES = [diff_versions]
