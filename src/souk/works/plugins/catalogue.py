"""Published plug-ins: their pages, withdrawing versions, and what the choice of versions reads."""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, NotFound
from souk.kernel.semver import is_stable, precedence
from souk.works.listings.api import Listings
from souk.works.plugins import store
from souk.works.plugins.api import API_VERSION
from souk.works.plugins.documentation import documentation
from souk.works.plugins.errors import PluginUnknown
from souk.works.plugins.events import PluginYanked
from souk.works.plugins.manifest import Manifest
from souk.works.plugins.permissions import permission_words
from souk.works.plugins.resolution import Release, newest, works_with
from souk.works.plugins.settings import PluginSettings
from souk_client.contracts import plugins as contract
from souk_client.contracts.works import Listing, ListingSummary


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """Every published version that some plug-ins, and all that they could need, may come from."""

    releases: Mapping[str, Sequence[Release]]
    rows: Mapping[tuple[str, str], store.ReleaseRow]
    """By address and version."""
    listings: Mapping[str, ListingSummary]
    """By id."""
    given_away: Collection[str]
    """The ids of those that anybody may have for ever and for nothing."""


class PluginCatalogue:
    """Implements `plugins.api.Plugins`."""

    def __init__(self, listings: Listings, settings: PluginSettings) -> None:
        self._listings = listings
        self._settings = settings

    async def get(self, uow: UnitOfWork, owner: str, slug: str) -> contract.Plugin:
        found = await self.find(uow, owner, slug)
        if found is None:
            raise PluginUnknown(f"{owner}/{slug}")
        return found

    async def find(self, uow: UnitOfWork, owner: str, slug: str) -> contract.Plugin | None:
        address = f"{owner}/{slug}"
        rows = await store.published(uow, [address])
        if not rows:
            return None
        rows.sort(key=lambda row: precedence(row.version), reverse=True)
        listing = await self._listings.get(uow, rows[0].listing_id)
        if _is_closed(uow, listing):
            return None
        retired = listing.state == "retired"
        releases = [row.to_release(retired=retired) for row in rows]
        current = newest(releases, channel="stable", api_version=API_VERSION) or newest(
            releases, channel="beta", api_version=API_VERSION
        )
        shown = next((r for r in rows if current and r.version == current.version), rows[0]).read()
        installs = await store.installs(uow, listing.id)
        return contract.Plugin(
            listing_id=listing.id,
            address=address,
            title=listing.title,
            summary=listing.summary,
            owner=listing.owner,
            retired=retired,
            api_version=API_VERSION,
            manifest=manifest_of(shown),
            documentation=documentation(shown),
            versions=[version_of(row, installs.get(row.version, 0)) for row in rows],
            installs=sum(installs.values()),
            dependents=await store.dependents(uow, address),
        )

    async def release(
        self, uow: UnitOfWork, owner: str, slug: str, *, version: str
    ) -> contract.PluginRelease:
        row = await self._row(uow, f"{owner}/{slug}", version)
        if _is_closed(uow, await self._listings.get(uow, row.listing_id)):
            raise PluginUnknown(row.address)
        manifest = row.read()
        installs = await store.installs(uow, row.listing_id)
        return contract.PluginRelease(
            listing_id=row.listing_id,
            address=row.address,
            release=version_of(row, installs.get(row.version, 0)),
            manifest=manifest_of(manifest),
            documentation=documentation(manifest),
        )

    async def yank(
        self,
        uow: UnitOfWork,
        actor: Actor,
        owner: str,
        slug: str,
        *,
        version: str,
        reason: str | None,
    ) -> contract.PluginRelease:
        """Withdraws a version, so that nobody new gets it; brings it back when there is no reason.

        Raises:
            NotFound: `plugin_unknown`, `version_unknown`. Forbidden: `not_listing_manager`.
        """
        actor.require_user()
        row = await self._row(uow, f"{owner}/{slug}", version)
        await self._listings.managed(uow, actor, row.listing_id)
        if await store.mark_yanked(uow, row.version_id, reason=reason):
            uow.publish(
                PluginYanked(
                    listing_id=row.listing_id,
                    organisation_id=row.organisation_id,
                    address=row.address,
                    version=row.version,
                    reason=reason,
                )
            )
        return await self.release(uow, owner, slug, version=version)

    async def shelf(self, uow: UnitOfWork, addresses: Collection[str]) -> Shelf:
        """All that an answer for these plug-ins could be made of.

        Raises:
            Conflict: `plugins_too_many` when that is more than may be looked at.
        """
        rows: dict[str, list[store.ReleaseRow]] = {}
        waiting = set(addresses)
        while waiting:
            if len(rows) + len(waiting) > self._settings.max_considered:
                raise Conflict(
                    "plugins_too_many",
                    f"These plug-ins could need more than {self._settings.max_considered} others.",
                )
            rows.update({address: [] for address in waiting})
            for row in await store.published(uow, waiting):
                rows[row.address].append(row)
            waiting = {
                needed
                for address in waiting
                for row in rows[address]
                for needed, one in row.read().dependencies.items()
                if not one.optional
            } - rows.keys()
        ids = {row.listing_id for found in rows.values() for row in found}
        listings = await self._listings.summaries(uow, ids)
        return Shelf(
            releases={
                address: [
                    row.to_release(retired=listings[row.listing_id].state == "retired")
                    for row in found
                ]
                for address, found in rows.items()
            },
            rows={(row.address, row.version): row for found in rows.values() for row in found},
            listings=listings,
            given_away=await self._listings.given_away(uow, ids),
        )

    async def _row(self, uow: UnitOfWork, address: str, version: str) -> store.ReleaseRow:
        rows = await store.published(uow, [address])
        if not rows:
            raise PluginUnknown(address)
        for row in rows:
            if row.version == version:
                return row
        raise NotFound("version_unknown", "There is no such version, or it is not public.")


def _is_closed(uow: UnitOfWork, listing: Listing) -> bool:
    """Whether moderators hid it from this scope: what it says of itself is not shown."""
    return listing.hidden and not uow.scope.owns(listing.owner.id)


def version_of(row: store.ReleaseRow, installs: int) -> contract.PluginVersion:
    """A published version as others see it."""
    souk = row.read().souk
    assert row.published_at is not None  # the query asks for published ones only
    return contract.PluginVersion(
        version=row.version,
        channel="stable" if is_stable(row.version) else "beta",
        published_at=row.published_at,
        works_here=works_with(souk, API_VERSION),
        souk=souk,
        yanked=row.yanked_at is not None,
        yank_reason=row.yank_reason,
        installs=installs,
    )


def manifest_of(manifest: Manifest) -> contract.Manifest:
    """A manifest as others see it."""
    return contract.Manifest(
        name=manifest.name,
        version=manifest.version,
        description=manifest.description,
        souk=manifest.souk,
        permissions=[
            contract.PermissionWords(permission=one, words=permission_words(one))
            for one in manifest.permissions
        ],
        entry_points=[
            contract.EntryPoint(
                name=one.name, hook=one.hook, module=one.module, function=one.function, on=one.on
            )
            for one in manifest.entry_points
        ],
        dependencies=[
            contract.Dependency(plugin=plugin, range=one.range, optional=one.optional)
            for plugin, one in manifest.dependencies.items()
        ],
        conflicts=[
            contract.PluginConflict(plugin=plugin, range=text)
            for plugin, text in manifest.conflicts.items()
        ],
        configuration=manifest.configuration,
    )
