"""The SQL of published plug-ins."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec

from souk.infra.postgres.uow import UnitOfWork, json_value
from souk.works.plugins.manifest import Manifest
from souk.works.plugins.resolution import Link, Release

_COLUMNS = """
    r.version_id, r.listing_id, r.organisation_id, r.address, r.version, r.manifest, r.files,
    r.published_at, r.yanked_at, r.yank_reason
"""


class NewRelease(msgspec.Struct, frozen=True, kw_only=True):
    """A version with its manifest, to be written."""

    version_id: str
    listing_id: str
    organisation_id: str
    address: str
    version: str
    manifest: dict[str, object]
    files: list[list[str | int]]


class ReleaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a plug-in as it is stored."""

    version_id: str
    listing_id: str
    organisation_id: str
    address: str
    version: str
    manifest: dict[str, Any]  # JSON as it is stored; `read` gives it typed
    files: list[list[Any]]  # likewise: path, sha256, size in bytes
    published_at: datetime | None
    yanked_at: datetime | None
    yank_reason: str | None

    def read(self) -> Manifest:
        """The manifest as typed values."""
        return msgspec.convert(self.manifest, Manifest)

    def to_release(self, *, retired: bool) -> Release:
        """As the choice of versions takes it."""
        manifest = self.read()
        needed = [
            Link(plugin, one.range, "optional" if one.optional else "needs")
            for plugin, one in manifest.dependencies.items()
        ]
        refused = [Link(plugin, text, "conflicts") for plugin, text in manifest.conflicts.items()]
        return Release(
            plugin=self.address,
            version=self.version,
            souk=manifest.souk,
            links=(*needed, *refused),
            yanked=self.yanked_at is not None,
            retired=retired,
        )


async def add_releases(uow: UnitOfWork, releases: Sequence[NewRelease]) -> None:
    """Writes checked versions; one that is there already stays as it is."""
    await uow.execute(
        """
        INSERT INTO plugins.releases (version_id, listing_id, organisation_id, address, version,
            manifest, files, created_at)
        SELECT n.*, %(now)s
        FROM unnest(%(version_ids)s::text[], %(listing_ids)s::text[], %(organisation_ids)s::text[],
            %(addresses)s::text[], %(versions)s::text[], %(manifests)s::jsonb[],
            %(files)s::jsonb[]) AS n
        ON CONFLICT (version_id) DO NOTHING
        """,
        now=uow.now,
        version_ids=[new.version_id for new in releases],
        listing_ids=[new.listing_id for new in releases],
        organisation_ids=[new.organisation_id for new in releases],
        addresses=[new.address for new in releases],
        versions=[new.version for new in releases],
        manifests=[json_value(new.manifest) for new in releases],
        files=[json_value(new.files) for new in releases],
    )


async def publish_releases(uow: UnitOfWork, version_ids: Collection[str]) -> None:
    """Lets everybody see these versions."""
    await uow.execute(
        """
        UPDATE plugins.releases SET published_at = %(now)s
        WHERE version_id = ANY(%(ids)s) AND published_at IS NULL
        """,
        ids=list(version_ids),
        now=uow.now,
    )


async def published(uow: UnitOfWork, addresses: Collection[str]) -> list[ReleaseRow]:
    """Every published version of these plug-ins."""
    return await uow.all(
        ReleaseRow,
        f"""
        SELECT {_COLUMNS} FROM plugins.releases r
        WHERE r.address = ANY(%(addresses)s) AND r.published_at IS NOT NULL
        """,
        addresses=list(addresses),
    )


async def mark_yanked(uow: UnitOfWork, version_id: str, *, reason: str | None) -> bool:
    """Withdraws a version (with a reason), or brings it back; False when it is so already."""
    changed = await uow.execute(
        """
        UPDATE plugins.releases
        SET yanked_at = CASE WHEN %(reason)s::text IS NULL THEN NULL ELSE %(now)s END,
            yank_reason = %(reason)s
        WHERE version_id = %(id)s AND yank_reason IS DISTINCT FROM %(reason)s
        """,
        id=version_id,
        reason=reason,
        now=uow.now,
    )
    return changed == 1


async def dependents(uow: UnitOfWork, address: str) -> int:
    """How many plug-ins have a published version that names this one as a dependency."""
    return int(
        await uow.value(
            """
            SELECT count(DISTINCT r.listing_id) FROM plugins.releases r
            WHERE r.published_at IS NOT NULL AND r.yanked_at IS NULL
              AND (r.manifest -> 'dependencies') ? %(address)s
            """,
            address=address,
        )
    )


async def installs(uow: UnitOfWork, listing_id: str) -> dict[str, int]:
    """How many workspaces have each version now, whoever they belong to."""
    rows = await uow.dicts(
        "SELECT version, installs FROM plugins.installs_by_version(%(id)s)", id=listing_id
    )
    return {row["version"]: row["installs"] for row in rows}
