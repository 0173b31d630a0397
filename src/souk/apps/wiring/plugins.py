"""Plug-ins: of works, but wired after rights, which say what an organisation may use."""

from collections.abc import Collection
from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts
from souk.infra.postgres.uow import UnitOfWork
from souk.rights.licences.api import Licences
from souk.works.artifacts.api import Artifacts
from souk.works.listings.api import Listings
from souk.works.plugins import routes
from souk.works.plugins.catalogue import PluginCatalogue
from souk.works.plugins.settings import PluginSettings
from souk.works.plugins.workspaces import WorkspaceService


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugins:
    plugins: PluginCatalogue
    workspaces: WorkspaceService
    parts: Parts


class LicencesOfPlugins:
    """Implements works' `PluginLicences` from the licences."""

    def __init__(self, licences: Licences) -> None:
        self._licences = licences

    async def licensed(
        self, uow: UnitOfWork, organisation_id: str, listing_ids: Collection[str], *, user_id: str
    ) -> set[str]:
        """Those of these listings that the organisation may use now."""
        return {
            listing_id
            for listing_id in listing_ids
            if await self._licences.find_good(uow, [organisation_id], listing_id, user_id=user_id)
        }


def wire_plugins(
    core: Core, *, listings: Listings, artifacts: Artifacts, licences: Licences
) -> Plugins:
    settings = core.load(PluginSettings, "plugins")
    catalogue = PluginCatalogue(listings, settings)
    workspaces = WorkspaceService(catalogue, LicencesOfPlugins(licences), artifacts, settings)
    return Plugins(
        plugins=catalogue,
        workspaces=workspaces,
        parts=Parts(
            services={"plugins": catalogue, "workspaces": workspaces}, routes=routes.ROUTES
        ),
    )
