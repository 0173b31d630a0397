"""Works."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.delivery.xet.content import XetContent
from souk.infra.blobs.settings import BlobSettings
from souk.infra.blobs.store import BlobStore, open_blobs
from souk.infra.postgres.uow import UnitOfWork
from souk.people.organisations.api import OrganisationsApi
from souk.works.artifacts import routes as artifact_routes
from souk.works.artifacts.contents import Contents
from souk.works.artifacts.intake import Intake
from souk.works.artifacts.scan.workflow import ScanService, restart_overdue, scan_handler
from souk.works.artifacts.service import ArtifactService
from souk.works.artifacts.settings import ArtifactSettings
from souk.works.artifacts.staging import StagingArea
from souk.works.artifacts.uploads import UploadService
from souk.works.galleries import routes as gallery_routes
from souk.works.galleries.covers import GalleryCovers
from souk.works.galleries.service import GalleryService
from souk.works.galleries.settings import GallerySettings
from souk.works.likeness.jobs import LikenessWorker
from souk.works.likeness.service import LikenessService
from souk.works.likeness.settings import LikenessSettings
from souk.works.listings import diff_routes
from souk.works.listings import routes as listing_routes
from souk.works.listings.api import PublishGate
from souk.works.listings.checks import SellerGate
from souk.works.listings.diffing import VersionDiffs
from souk.works.listings.editing import ListingEditor
from souk.works.listings.importing import ListingImporter
from souk.works.listings.publishing import Publisher
from souk.works.listings.repositories import RepositoryReader
from souk.works.listings.service import ListingService
from souk.works.listings.settings import ListingSettings
from souk.works.offers import routes as offer_routes
from souk.works.offers.book import OfferBook
from souk.works.offers.service import OfferService
from souk.works.plugins.gate import ManifestGate
from souk.works.plugins.settings import PluginSettings
from souk.works.revisions.service import RevisionService


@dataclass(frozen=True, slots=True, kw_only=True)
class Works:
    blobs: BlobStore
    pieces: XetContent
    artifacts: ArtifactService
    uploads: UploadService
    intake: Intake
    revisions: RevisionService
    listings: ListingService
    repositories: RepositoryReader
    editor: ListingEditor
    publisher: Publisher
    offers: OfferService
    galleries: GalleryService
    version_diffs: VersionDiffs
    likeness: LikenessService
    parts: Parts


def wire_works(
    core: Core, *, organisations: OrganisationsApi, gate: PublishGate | None = None
) -> Works:
    settings = core.load(ArtifactSettings, "artifacts")
    listing_settings = core.load(ListingSettings, "listings")
    data_path = core.settings.data_path
    blobs = open_blobs(core.load(BlobSettings, "blobs"), data_path=data_path, keys=core.data_keys)
    pieces = XetContent(core.database, blobs, plain=Contents(blobs))
    uploads = UploadService(
        core.database,
        blobs,
        staging=StagingArea(data_path / "uploads"),
        settings=settings,
        pieces=pieces,
    )
    artifacts = ArtifactService(blobs, pieces=pieces)
    intake = Intake(blobs, folder=data_path / "intake", settings=settings)
    revisions = RevisionService()
    book = OfferBook(organisations)
    listings = ListingService(
        organisations,
        artifacts,
        revisions,
        offers=book,
        covers=GalleryCovers(),
        settings=listing_settings,
    )
    offers = OfferService(book, listings)
    version_gate = ManifestGate(artifacts, core.load(PluginSettings, "plugins"))
    publisher = Publisher(
        core.database,
        listings,
        artifacts,
        revisions,
        offers=book,
        gate=gate or SellerGate(organisations),
        version_gate=version_gate,
        settings=listing_settings,
    )
    editor = ListingEditor(listings, offers=book, settings=listing_settings)
    importer = ListingImporter(
        organisations,
        artifacts,
        revisions,
        offers=book,
        gate=gate or SellerGate(organisations),
        version_gate=version_gate,
        settings=listing_settings,
    )

    version_diffs = VersionDiffs(listings)
    galleries = GalleryService(
        listings,
        artifacts,
        settings=core.load(GallerySettings, "galleries"),
        folder=data_path / "pictures",
    )
    scans = ScanService(core.database, blobs, settings=settings, pieces=pieces)

    likeness_worker = LikenessWorker(
        core.database,
        artifacts,
        listings,
        settings=core.load(LikenessSettings, "likeness"),
        folder=data_path / "likeness",
    )

    async def sweep_uploads(_uow: UnitOfWork) -> None:
        await uploads.sweep()
        await intake.sweep()

    async def restart_scans(uow: UnitOfWork) -> None:
        await restart_overdue(uow, core.workflows)

    return Works(
        blobs=blobs,
        pieces=pieces,
        artifacts=artifacts,
        uploads=uploads,
        intake=intake,
        revisions=revisions,
        listings=listings,
        repositories=RepositoryReader(organisations),
        editor=editor,
        publisher=publisher,
        offers=offers,
        galleries=galleries,
        version_diffs=version_diffs,
        likeness=LikenessService(),
        parts=Parts(
            services={
                "uploads": uploads,
                "artifacts": artifacts,
                "listings": listings,
                "listing_editor": editor,
                "listing_importer": importer,
                "publisher": publisher,
                "offers": offers,
                "galleries": galleries,
                "version_diffs": version_diffs,
            },
            routes=[
                *artifact_routes.ROUTES,
                *listing_routes.ROUTES,
                *offer_routes.ROUTES,
                *gallery_routes.ROUTES,
                *diff_routes.ROUTES,
            ],
            root_routes=gallery_routes.ROOT_ROUTES,
            handlers=[scan_handler(core.workflows), likeness_worker.handler()],
            worker_tasks=[likeness_worker.run],
            workflows=scans.workflows(),
            schedules=[
                Schedule(name="works.sweep_uploads", every_s=600, run=sweep_uploads),
                Schedule(name="works.restart_scans", every_s=600, run=restart_scans),
            ],
        ),
    )
