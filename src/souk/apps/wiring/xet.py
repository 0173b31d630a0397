"""Xet."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.delivery.xet import routes
from souk.delivery.xet.content import XetContent
from souk.delivery.xet.intake import XorbIntake
from souk.delivery.xet.jobs import remove_unused, start_overdue, view_handler, view_workflow
from souk.delivery.xet.registering import Registrar
from souk.delivery.xet.rights import ReadRights
from souk.delivery.xet.service import XetService
from souk.delivery.xet.serving import Reader
from souk.delivery.xet.settings import XetSettings
from souk.delivery.xet.tokens import TokenService
from souk.delivery.xet.viewing import Viewer
from souk.infra.blobs.store import BlobStore
from souk.infra.postgres.uow import UnitOfWork
from souk.rights.licences.api import Licences
from souk.works.artifacts.api import Artifacts
from souk.works.listings.api import Listings
from souk.works.revisions.api import Revisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Xet:
    xet: XetService
    tokens: TokenService
    viewer: Viewer
    parts: Parts


def wire_xet(
    core: Core,
    *,
    blobs: BlobStore,
    content: XetContent,
    listings: Listings,
    licences: Licences,
    artifacts: Artifacts,
    revisions: Revisions,
) -> Xet:
    """Args:
    content: reads files that are made of xorbs; works has it too, to read artifacts with it.
    """
    settings = core.load(XetSettings, "xet")
    tokens = TokenService(
        core.keyring,
        listings=listings,
        revisions=revisions,
        clock=core.clock,
        settings=settings,
        base_url=core.settings.base_url,
    )
    intake = XorbIntake(
        core.database, blobs, folder=core.settings.data_path / "xorbs", settings=settings
    )
    reader = Reader(
        core.database,
        content,
        tokens,
        rights=ReadRights(listings, licences),
        artifacts=artifacts,
        revisions=revisions,
        keyring=core.keyring,
        settings=settings,
    )
    xet = XetService(
        tokens=tokens,
        reader=reader,
        xorbs=intake,
        registrar=Registrar(core.database, content, artifacts, settings=settings),
        artifacts=artifacts,
        settings=settings,
    )
    viewer = Viewer(core.database, artifacts)

    async def start_views(uow: UnitOfWork) -> None:
        await start_overdue(uow, core.workflows, artifacts, settings=settings)

    async def remove(uow: UnitOfWork) -> None:
        await remove_unused(uow, core.database, blobs, settings=settings)

    async def sweep(_uow: UnitOfWork) -> None:
        await intake.sweep()

    return Xet(
        xet=xet,
        tokens=tokens,
        viewer=viewer,
        parts=Parts(
            services={"xet": xet},
            root_routes=routes.ROOT_ROUTES,
            handlers=[view_handler(core.workflows, artifacts, settings=settings)],
            workflows=[view_workflow(viewer)],
            schedules=[
                Schedule(name="xet.make_readable", every_s=3600, run=start_views),
                Schedule(name="xet.remove_unused", every_s=3600, run=remove),
                Schedule(name="xet.sweep", every_s=1800, run=sweep),
            ],
        ),
    )
