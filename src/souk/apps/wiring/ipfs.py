"""IPFS."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.delivery.ipfs import api_routes, pin_routes, routes
from souk.delivery.ipfs.blocks import Blocks
from souk.delivery.ipfs.fetching import PinFetcher
from souk.delivery.ipfs.importing import CarImporter
from souk.delivery.ipfs.indexing import Indexer
from souk.delivery.ipfs.jobs import WorkTask, notes_handler, remote_handler
from souk.delivery.ipfs.pins import Pins, gateway_address
from souk.delivery.ipfs.remote import RemotePins
from souk.delivery.ipfs.rights import Rights
from souk.delivery.ipfs.service import Gateway
from souk.delivery.ipfs.settings import IpfsSettings
from souk.delivery.ipfs.versions import VersionCids
from souk.infra.postgres.uow import UnitOfWork
from souk.rights.licences.api import Licences
from souk.works.artifacts.api import Artifacts, FileIntake
from souk.works.listings.api import Listings
from souk.works.revisions.api import Revisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Ipfs:
    version_cids: VersionCids
    parts: Parts


def wire_ipfs(
    core: Core,
    *,
    listings: Listings,
    licences: Licences,
    artifacts: Artifacts,
    intake: FileIntake,
    revisions: Revisions,
) -> Ipfs:
    settings = core.load(IpfsSettings, "ipfs")
    base_url = core.settings.base_url
    blocks = Blocks(core.database, artifacts)
    rights = Rights(listings=listings, licences=licences, artifacts=artifacts, base_url=base_url)
    gateway = Gateway(core.database, blocks=blocks, rights=rights)
    elsewhere = RemotePins(
        core.database, rights=rights, settings=settings, origin=gateway_address(base_url)
    )
    remote = WorkTask("pins elsewhere", elsewhere.do_due)
    pins_elsewhere = bool(settings.remote_endpoint)
    indexer = Indexer(
        core.database, artifacts, revisions, on_made=remote.wake if pins_elsewhere else None
    )
    index = WorkTask("trees", indexer.index_waiting)
    importer = CarImporter(
        core.database, intake=intake, folder=core.settings.data_path / "cars", settings=settings
    )
    fetcher = PinFetcher(core.database, importer=importer, settings=settings)
    fetch = WorkTask("pins", fetcher.fetch_next)
    version_cids = VersionCids(listings=listings, rights=rights, base_url=base_url)

    async def sweep_imports(_uow: UnitOfWork) -> None:
        await importer.sweep()

    return Ipfs(
        version_cids=version_cids,
        parts=Parts(
            services={
                "ipfs_gateway": gateway,
                "car_importer": importer,
                "version_cids": version_cids,
                "pins": Pins(rights=rights, settings=settings, base_url=base_url),
            },
            routes=api_routes.ROUTES,
            root_routes=[*routes.ROOT_ROUTES, *pin_routes.ROOT_ROUTES],
            handlers=[notes_handler(index), *([remote_handler(remote)] if pins_elsewhere else [])],
            worker_tasks=[
                index.run,
                *([fetch.run] if settings.fetch_gateway else []),
                *([remote.run] if pins_elsewhere else []),
            ],
            schedules=[Schedule(name="delivery.sweep_imports", every_s=3600, run=sweep_imports)],
        ),
    )
