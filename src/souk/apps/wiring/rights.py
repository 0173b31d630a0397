"""Rights."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts
from souk.people.organisations.api import OrganisationsApi
from souk.rights.licences import routes as licence_routes
from souk.rights.licences.evidence import EvidenceService
from souk.rights.licences.seats import SeatService
from souk.rights.licences.service import LicenceService
from souk.rights.provenance import routes as provenance_routes
from souk.rights.provenance.api import Anchors
from souk.rights.provenance.jobs import provenance_handler
from souk.rights.provenance.model import log_name
from souk.rights.provenance.noting import NotingService
from souk.rights.provenance.sequencer import Sequencer
from souk.rights.provenance.service import ProvenanceService
from souk.rights.provenance.settings import ProvenanceSettings
from souk.works.listings.api import Listings


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    provenance: ProvenanceService
    licences: LicenceService
    parts: Parts


def wire_rights(
    core: Core, *, organisations: OrganisationsApi, listings: Listings, anchors: Anchors
) -> Rights:
    settings = core.load(ProvenanceSettings, "provenance")
    origin = settings.origin or log_name(core.settings.base_url)
    provenance = ProvenanceService(keyring=core.keyring, origin=origin, anchors=anchors)
    licences = LicenceService(provenance=provenance, keyring=core.keyring)
    seats = SeatService(licences=licences, organisations=organisations)
    sequencer = Sequencer(core.database, keyring=core.keyring, origin=origin, settings=settings)
    return Rights(
        provenance=provenance,
        licences=licences,
        parts=Parts(
            services={
                "provenance": provenance,
                "noting": NotingService(
                    provenance=provenance, listings=listings, settings=settings
                ),
                "licences": licences,
                "seats": seats,
                "evidence": EvidenceService(licences=licences, listings=listings),
            },
            routes=[*licence_routes.ROUTES, *provenance_routes.ROUTES],
            root_routes=provenance_routes.WELL_KNOWN,
            handlers=[provenance_handler(provenance=provenance, listings=listings)],
            worker_tasks=[sequencer.run],
        ),
    )
