"""IPFS."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts
from souk.delivery.ipfs import routes
from souk.delivery.ipfs.blocks import Blocks
from souk.delivery.ipfs.indexing import Indexer
from souk.delivery.ipfs.jobs import IndexTask
from souk.delivery.ipfs.rights import Rights
from souk.delivery.ipfs.service import Gateway
from souk.rights.licences.api import Licences
from souk.works.artifacts.api import Artifacts
from souk.works.listings.api import Listings
from souk.works.revisions.api import Revisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Ipfs:
    gateway: Gateway
    parts: Parts


def wire_ipfs(
    core: Core,
    *,
    listings: Listings,
    licences: Licences,
    artifacts: Artifacts,
    revisions: Revisions,
) -> Ipfs:
    blocks = Blocks(core.database, artifacts)
    rights = Rights(
        listings=listings,
        licences=licences,
        artifacts=artifacts,
        base_url=core.settings.base_url,
    )
    gateway = Gateway(core.database, blocks=blocks, rights=rights)
    index = IndexTask(Indexer(core.database, artifacts, revisions))
    return Ipfs(
        gateway=gateway,
        parts=Parts(
            services={"ipfs_gateway": gateway},
            root_routes=routes.ROOT_ROUTES,
            handlers=[index.handler()],
            worker_tasks=[index.run],
        ),
    )
