"""The hub protocol."""

from dataclasses import dataclass

from litestar import Router

from souk.apps.wiring.hub_search import HubSearch
from souk.apps.wiring.parts import Core, Parts
from souk.delivery.downloads.api import Downloads
from souk.delivery.hub import (
    change_routes,
    content_routes,
    file_routes,
    large_routes,
    repository_routes,
)
from souk.delivery.hub.commits import Committer
from souk.delivery.hub.counting import DownloadCounter
from souk.delivery.hub.describing import HubDescriber
from souk.delivery.hub.desk import Desk
from souk.delivery.hub.entries import Entries
from souk.delivery.hub.http import hub_problem
from souk.delivery.hub.lfs import LargeFiles
from souk.delivery.hub.managing import HubManager
from souk.delivery.hub.preupload import HubPreparation
from souk.delivery.hub.reading import HubReader
from souk.delivery.hub.rights import FileRights
from souk.delivery.hub.safetensors import Tensors
from souk.delivery.hub.serving import FileServing
from souk.delivery.hub.settings import HubSettings
from souk.delivery.hub.tickets import UploadTickets
from souk.delivery.hub.trees import TreeShelf
from souk.delivery.hub.xet_tokens import HubXetTokens
from souk.delivery.xet.api import Xet, XetTokens
from souk.discovery.search.api import Search
from souk.people.organisations.api import OrganisationsApi
from souk.rights.licences.api import Licences
from souk.works.artifacts.api import Artifacts, FileIntake, Uploads
from souk.works.listings.api import (
    ListingEditing,
    Listings,
    Repositories,
    VersionPublishing,
)
from souk.works.revisions.api import Revisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    parts: Parts


def wire_hub(
    core: Core,
    *,
    organisations: OrganisationsApi,
    artifacts: Artifacts,
    uploads: Uploads,
    intake: FileIntake,
    revisions: Revisions,
    repositories: Repositories,
    listings: Listings,
    editor: ListingEditing,
    publisher: VersionPublishing,
    licences: Licences,
    downloads: Downloads,
    xet: Xet,
    xet_tokens: XetTokens,
    search: Search,
) -> Hub:
    settings = core.load(HubSettings, "hub")
    base_url = core.settings.base_url
    desk = Desk(repositories, revisions)
    rights = FileRights(listings, licences, base_url=base_url)
    trees = TreeShelf(revisions)
    entries = Entries(artifacts, xet, settings=settings)
    tensors = Tensors(artifacts, settings=settings)
    tickets = UploadTickets(core.keyring)
    counter = DownloadCounter(
        core.database, listings=listings, downloads=downloads, clock=core.clock
    )
    services: dict[str, object] = {
        "hub_settings": settings,
        "hub_clock": core.clock,
        "hub_desk": desk,
        "hub_rights": rights,
        "hub_trees": trees,
        "hub_tensors": tensors,
        "hub_upload_tickets": tickets,
        "hub_listings": listings,
        "hub_repositories": repositories,
        "hub_counter": counter,
        "hub_xet_tokens": HubXetTokens(
            core.database, desk, rights, xet_tokens, trees=trees, counter=counter
        ),
        "hub_preparation": HubPreparation(desk, trees=trees, entries=entries, settings=settings),
        "hub_describer": HubDescriber(
            desk,
            rights,
            repositories,
            listings=listings,
            organisations=organisations,
            search=HubSearch(search),
            trees=trees,
            entries=entries,
            tensors=tensors,
            settings=settings,
        ),
        "hub_reader": HubReader(
            desk, repositories, revisions, trees=trees, entries=entries, settings=settings
        ),
        "hub_serving": FileServing(
            desk,
            rights,
            trees=trees,
            entries=entries,
            artifacts=artifacts,
            downloads=downloads,
        ),
        "hub_committer": Committer(
            core.database,
            desk,
            listings=listings,
            editor=editor,
            revisions=revisions,
            artifacts=artifacts,
            intake=intake,
            xet=xet,
            trees=trees,
            settings=settings,
        ),
        "hub_manager": HubManager(
            core.database,
            desk,
            repositories=repositories,
            revisions=revisions,
            listings=listings,
            editor=editor,
            publisher=publisher,
            organisations=organisations,
            base_url=base_url,
        ),
        "hub_large_files": LargeFiles(
            core.database,
            artifacts=artifacts,
            uploads=uploads,
            tickets=tickets,
            settings=settings,
            base_url=base_url,
        ),
    }
    routes = [
        *repository_routes.ROUTES,
        *content_routes.ROUTES,
        *file_routes.ROUTES,
        *change_routes.ROUTES,
        *large_routes.ROUTES,
    ]
    router = Router("/", route_handlers=routes, exception_handlers={Exception: hub_problem})
    return Hub(parts=Parts(services=services, root_routes=[router]))
