"""What owners do with their assets."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

import msgspec
import structlog

from souk.delivery.assets import store
from souk.delivery.assets.errors import (
    AssetTooLarge,
    AssetUnknown,
    RoomFull,
    SourceRefused,
    SourceUnchecked,
    SourceUnknown,
)
from souk.delivery.assets.model import check_path, tags_of, type_of
from souk.delivery.assets.settings import AssetSettings
from souk.delivery.assets.store import AssetRow
from souk.delivery.cdn.api import CdnSites
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.ids import new_id
from souk.kernel.paging import Page, decode_cursor, page_of
from souk.people.organisations.api import OrganisationsApi
from souk.works.artifacts.api import Artifact, Artifacts
from souk_client.contracts.assets import Asset, AssetRequest, AssetState, AssetUsage
from souk_client.contracts.sites import SiteRules

ROOT: Final = "/a/"
"""Below it are assets: `/a/<organisation's slug>/<path>`."""
SITE_NAME: Final = "Assets"
STALE_S: Final = 86_400
"""While home does not answer, nodes go on for so long."""

audit = structlog.get_logger("souk.audit")


class AssetService:
    """Assets, as their owners see them."""

    def __init__(
        self,
        *,
        artifacts: Artifacts,
        organisations: OrganisationsApi,
        sites: CdnSites,
        settings: AssetSettings,
        base_url: str,
    ) -> None:
        self._artifacts = artifacts
        self._organisations = organisations
        self._sites = sites
        self._settings = settings
        self._base_url = base_url

    async def put(self, uow: UnitOfWork, actor: Actor, wanted: AssetRequest) -> Asset:
        """Puts an uploaded file at a path, in place of what was there. Safe to repeat.

        Raises:
            Invalid: `asset_path_invalid`. NotFound: `artifact_unknown`, `organisation_unknown`.
            Conflict: `asset_not_checked`, `asset_refused`, `asset_room_full`.
            TooLarge: `asset_too_large`.
        """
        user_id = actor.require("marketplace:create_resource")
        owner = actor.acting_for(wanted.organisation_id)
        path = check_path(wanted.path)
        artifact = await self._source(uow, owner, wanted.sha256)
        site_id = await self.open_space(uow, owner, by=user_id)
        before = await store.by_path(uow, owner, path)
        await self._check_room(uow, owner, artifact, before)
        row = AssetRow(
            id=before.id if before else new_id("ast", uow.now),
            organisation_id=owner,
            path=path,
            sha256=artifact.sha256,
            size_bytes=artifact.size_bytes,
            media_type=wanted.media_type or type_of(path),
            max_age_s=wanted.max_age_s,
            optimise=wanted.optimise,
            created_at=before.created_at if before else uow.now,
            changed_at=uow.now,
        )
        if before is None:
            await store.add(uow, row, user_id=user_id)
        elif msgspec.structs.replace(row, changed_at=before.changed_at) == before:
            row = before  # the same again: nothing changes, and no node forgets anything
        else:
            await store.replace(uow, row)
        if before is not row:  # also when it is new: a node may have kept that it was not there
            await self._forget(uow, row, site_id=site_id, by=user_id)
            audit.info("an asset was put", asset=row.id, organisation=owner, by=user_id)
        return await self._shown(uow, row)

    async def listed(
        self,
        uow: UnitOfWork,
        actor: Actor,
        *,
        organisation_id: str | None,
        prefix: str = "",
        cursor: str | None = None,
        limit: int,
    ) -> Page[Asset]:
        """An organisation's assets in the order of their paths.

        Raises:
            NotFound: `organisation_unknown`. Invalid: `cursor_invalid`.
        """
        owner = actor.acting_for(organisation_id)
        after = decode_cursor(cursor, size=1)
        rows = await store.listed(
            uow, owner, prefix=prefix, after=str(after[0]) if after else "", limit=limit + 1
        )
        page = page_of(rows, limit=limit, key=lambda row: [row.path])
        return Page(
            items=await self._all_shown(uow, owner, page.items), next_cursor=page.next_cursor
        )

    async def get(self, uow: UnitOfWork, actor: Actor, asset_id: str) -> Asset:
        """One of the caller's assets. Raises NotFound `asset_unknown`."""
        return await self._shown(uow, await self._own(uow, actor, asset_id))

    async def usage(
        self, uow: UnitOfWork, actor: Actor, *, organisation_id: str | None
    ) -> AssetUsage:
        """How much of its room an organisation uses. Raises NotFound `organisation_unknown`."""
        owner = actor.acting_for(organisation_id)
        found = await store.used(uow, owner)
        return AssetUsage(
            organisation_id=owner,
            assets=found.assets,
            max_assets=self._settings.max_assets,
            used_bytes=found.used_bytes,
            max_bytes=self._settings.max_bytes,
            max_asset_bytes=self._settings.max_asset_bytes,
        )

    async def remove(self, uow: UnitOfWork, actor: Actor, asset_id: str) -> AssetRow:
        """Takes an asset away, here and at every node. Raises NotFound `asset_unknown`."""
        user_id = actor.require_user()
        row = await self._own(uow, actor, asset_id)
        site_id = await store.hold_space(uow, row.organisation_id)
        await store.remove(uow, asset_id)
        await self._forget(uow, row, site_id=site_id, by=user_id)
        audit.info("an asset was removed", asset=asset_id, path=row.path, by=user_id)
        return row

    async def purge(self, uow: UnitOfWork, actor: Actor, asset_id: str) -> AssetRow:
        """Has every node forget an asset and fetch it anew. Raises NotFound `asset_unknown`."""
        user_id = actor.require_user()
        row = await self._own(uow, actor, asset_id)
        site_id = await store.site_of(uow, row.organisation_id)
        await self._forget(uow, row, site_id=site_id, by=user_id)
        return row

    async def open_space(self, uow: UnitOfWork, organisation_id: str, *, by: str) -> str:
        """Holds the organisation's room; its site, which is made when there is none yet."""
        site_id = await store.hold_space(uow, organisation_id)
        if site_id is None:
            facts = await self._organisations.get(uow, organisation_id)
            site_id = await self._sites.of_assets(
                uow,
                organisation_id=organisation_id,
                name=SITE_NAME,
                upstream=f"{ROOT}{facts.slug}",
                rules=SiteRules(query="sort", stale_if_error_s=STALE_S, max_stale_s=STALE_S),
                by=by,
            )
            await store.set_site(uow, organisation_id, site_id)
        return site_id

    async def _own(self, uow: UnitOfWork, actor: Actor, asset_id: str) -> AssetRow:
        actor.require_user()
        row = await store.by_id(uow, asset_id)
        if row is None or not actor.belongs_to(row.organisation_id):
            raise AssetUnknown()
        return row

    async def _source(self, uow: UnitOfWork, owner: str, sha256: str) -> Artifact:
        held = await self._artifacts.held(uow, owner, [sha256])
        artifact = held.get(sha256)
        if artifact is None:  # also when it is public: who sees its row has not got its bytes
            raise SourceUnknown()
        if artifact.scan.state == "pending":
            raise SourceUnchecked()
        if artifact.scan.state == "quarantined":
            raise SourceRefused()
        if artifact.size_bytes > self._settings.max_asset_bytes:
            raise AssetTooLarge(self._settings.max_asset_bytes)
        return artifact

    async def _check_room(
        self, uow: UnitOfWork, owner: str, artifact: Artifact, before: AssetRow | None
    ) -> None:
        used = await store.used(uow, owner)
        if before is None and used.assets >= self._settings.max_assets:
            raise RoomFull(f"There are {used.assets} assets, the most there may be.")
        freed = before.size_bytes if before else 0
        if used.used_bytes - freed + artifact.size_bytes > self._settings.max_bytes:
            left = max(0, self._settings.max_bytes - used.used_bytes + freed)
            raise RoomFull(
                f"This has {artifact.size_bytes} bytes, and {left} of {self._settings.max_bytes} "
                "are left; delete something first."
            )

    async def _forget(
        self, uow: UnitOfWork, row: AssetRow, *, site_id: str | None, by: str
    ) -> None:
        """By its tag what is kept of it, by its prefix what is kept of its absence."""
        if site_id is None:
            return
        tag, _ = tags_of(row.id, row.organisation_id)
        await self._sites.forget(uow, kind="tag", value=f"tag:{site_id}:{tag}", by=by)
        address = f"/s/{site_id}/{quote(row.path)}"
        await self._sites.forget(uow, kind="prefix", value=address, by=by)

    async def _shown(self, uow: UnitOfWork, row: AssetRow) -> Asset:
        return (await self._all_shown(uow, row.organisation_id, [row]))[0]

    async def _all_shown(
        self, uow: UnitOfWork, owner: str, rows: Sequence[AssetRow]
    ) -> list[Asset]:
        if not rows:
            return []
        facts = await self._organisations.get(uow, owner)
        held = await self._artifacts.held(uow, owner, {row.sha256 for row in rows})
        return [
            Asset(
                id=row.id,
                organisation_id=row.organisation_id,
                path=row.path,
                url=f"{self._base_url}{ROOT}{facts.slug}/{quote(row.path)}",
                sha256=row.sha256,
                size_bytes=row.size_bytes,
                media_type=row.media_type,
                max_age_s=row.max_age_s,
                optimise=row.optimise,
                state=_state(held.get(row.sha256)),
                created_at=row.created_at,
                changed_at=row.changed_at,
            )
            for row in rows
        ]


def _state(artifact: Artifact | None) -> AssetState:
    if artifact is None or artifact.scan.state == "quarantined":
        return "refused"
    return "live" if artifact.scan.state == "clean" else "checking"
