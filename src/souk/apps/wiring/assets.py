"""Assets."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from souk.apps.wiring.cdn import Cdn
from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.delivery.assets import domain_routes, public_routes, routes
from souk.delivery.assets.domains import DomainService
from souk.delivery.assets.ending import EVERY_S as ENDING_EVERY_S
from souk.delivery.assets.ending import announce_ending
from souk.delivery.assets.making import Making
from souk.delivery.assets.proofs import Proofs
from souk.delivery.assets.renewing import Renewing
from souk.delivery.assets.service import AssetService
from souk.delivery.assets.serving import Serving
from souk.delivery.assets.settings import AssetSettings
from souk.delivery.cdn import log_store
from souk.delivery.cdn.fleet import Fleet
from souk.delivery.cdn.routing import Routing
from souk.delivery.cdn.telling import Telling
from souk.infra.blobs.store import BlobStore
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import SoukError
from souk.people.organisations.api import OrganisationsApi
from souk.works.artifacts.api import Artifacts
from souk_client.contracts.cdn import PurgeAtNode


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    assets: AssetService
    domains: DomainService
    nodes: "AssetNodes"
    parts: Parts


class AssetNodes:
    """Implements `souk.delivery.assets.ports.Nodes`."""

    def __init__(
        self, database: Database, *, fleet: Fleet, routing: Routing, telling: Telling
    ) -> None:
        self._database = database
        self._fleet = fleet
        self._routing = routing
        self._telling = telling

    async def tell(self) -> Sequence[PurgeAtNode]:
        return await self._telling.push()

    async def is_node(self, uow: UnitOfWork, credential: str | None, *, address: str) -> bool:
        try:
            await self._fleet.admit(uow, credential, address=address)
        except SoukError:
            return False
        return True

    async def near(self, *, organisation_id: str, thing: str, client_address: str) -> str | None:
        if not await self._routing.any_ready():
            return None
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            regions = await log_store.regions_of(
                uow, organisation_id=organisation_id, listing_id=""
            )
        node = await self._routing.node_for(address=client_address, sha256=thing, regions=regions)
        return None if node is None else node.url


def wire_assets(
    core: Core,
    *,
    blobs: BlobStore,
    artifacts: Artifacts,
    organisations: OrganisationsApi,
    cdn: Cdn,
) -> Assets:
    settings = core.load(AssetSettings, "assets")
    nodes = AssetNodes(core.database, fleet=cdn.fleet, routing=cdn.routing, telling=cdn.telling)
    making = Making(
        core.database,
        artifacts,
        blobs=blobs,
        settings=settings,
        folder=core.settings.data_path / "assets",
    )
    assets = AssetService(
        artifacts=artifacts,
        organisations=organisations,
        sites=cdn.sites,
        settings=settings,
        base_url=core.settings.base_url,
    )
    serving = Serving(
        core.database,
        artifacts=artifacts,
        organisations=organisations,
        making=making,
        nodes=nodes,
        settings=settings,
    )

    domains = DomainService(
        core.database,
        assets=assets,
        sites=cdn.sites,
        proofs=Proofs(settings),
        keyring=core.keyring,
        settings=settings,
        own_host=urlsplit(core.settings.base_url).hostname or "",
    )
    renewing = Renewing(core.database, domains=domains, keyring=core.keyring, settings=settings)

    async def sweep_made(_uow: UnitOfWork) -> None:
        await making.sweep()

    return Assets(
        assets=assets,
        domains=domains,
        nodes=nodes,
        parts=Parts(
            services={
                "assets": assets,
                "asset_serving": serving,
                "asset_nodes": nodes,
                "domains": domains,
            },
            routes=[*routes.ROUTES, *domain_routes.ROUTES],
            root_routes=[*public_routes.ROOT_ROUTES, *domain_routes.ROOT_ROUTES],
            worker_tasks=[renewing.run],
            schedules=[
                Schedule(name="assets.sweep_made", every_s=3600, run=sweep_made),
                Schedule(
                    name="assets.certificates_ending", every_s=ENDING_EVERY_S, run=announce_ending
                ),
            ],
            on_close=[making.close],
        ),
    )
