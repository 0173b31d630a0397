"""Telling the world of a publication."""

from collections.abc import Sequence

from souk.infra.postgres.uow import UnitOfWork
from souk.infra.telemetry.metrics import RESOURCES_CREATED
from souk.works.listings.events import ListingPublished, PublishedFile, VersionPublished
from souk.works.listings.model import ListingRow, VersionRow
from souk.works.revisions.api import TreeFile


def announce(
    uow: UnitOfWork,
    row: ListingRow,
    *,
    address: str,
    user_id: str | None,
    version: VersionRow | None,
    first: bool,
    current: VersionRow,
    tree: Sequence[TreeFile],
) -> None:
    """Publishes the events of a publication, and counts it.

    Args:
        version: the version that is public from now on, if any.
        first: whether the listing was not public before.
        current: the version that buyers get.
        tree: the files of the version that was asked for.
    """
    files = [PublishedFile(path=file.path, sha256=file.sha256) for file in tree]
    if version is not None:
        uow.publish(
            VersionPublished(
                listing_id=row.id,
                organisation_id=row.organisation_id,
                address=address,
                title=row.title,
                kind=row.kind,
                user_id=user_id,
                version_id=version.id,
                version=version.version,
                revision_id=version.revision_id,
                files=files,
            )
        )
    if first:
        uow.after_commit(lambda: RESOURCES_CREATED.labels(row.kind).inc())
        uow.publish(
            ListingPublished(
                listing_id=row.id,
                organisation_id=row.organisation_id,
                address=address,
                title=row.title,
                kind=row.kind,
                user_id=user_id,
                version_id=current.id,
                version=current.version,
                files=files,
                version_is_new=version is not None and version.id == current.id,
            )
        )
