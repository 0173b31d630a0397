"""Delivery."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts
from souk.delivery.downloads import routes
from souk.delivery.downloads.service import DownloadService
from souk.delivery.downloads.settings import DownloadSettings
from souk.delivery.downloads.tickets import Tickets
from souk.rights.licences.api import Licences
from souk.rights.protection.api import Protection
from souk.works.artifacts.api import Artifacts
from souk.works.listings.api import Listings


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    downloads: DownloadService
    parts: Parts


def wire_delivery(
    core: Core,
    *,
    listings: Listings,
    licences: Licences,
    artifacts: Artifacts,
    protection: Protection,
) -> Delivery:
    downloads = DownloadService(
        database=core.database,
        listings=listings,
        licences=licences,
        artifacts=artifacts,
        tickets=Tickets(core.keyring),
        clock=core.clock,
        protection=protection,
        settings=core.load(DownloadSettings, "downloads"),
        base_url=core.settings.base_url,
    )
    return Delivery(
        downloads=downloads,
        parts=Parts(
            services={"downloads": downloads},
            routes=routes.ROUTES,
            root_routes=routes.ROOT_ROUTES,
        ),
    )
