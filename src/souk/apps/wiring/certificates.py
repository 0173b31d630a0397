"""Certificates of ownership, and look-up of files."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts
from souk.rights.certificates import routes
from souk.rights.certificates.service import CertificateService
from souk.rights.licences.api import Licences
from souk.rights.lookups import routes as lookup_routes
from souk.rights.lookups.jobs import copies_handler
from souk.rights.lookups.service import LookupService
from souk.rights.provenance.api import Provenance
from souk.web.settings import BrandSettings
from souk.works.likeness.api import Likeness
from souk.works.listings.api import Listings


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateParts:
    certificates: CertificateService
    lookups: LookupService
    parts: Parts


def wire_certificates(
    core: Core,
    *,
    licences: Licences,
    provenance: Provenance,
    likeness: Likeness,
    listings: Listings,
) -> CertificateParts:
    certificates = CertificateService(
        licences=licences,
        provenance=provenance,
        keyring=core.keyring,
        base_url=core.settings.base_url,
        market_name=core.load(BrandSettings, "brand").name,
    )
    lookups = LookupService(provenance=provenance, likeness=likeness, listings=listings)
    return CertificateParts(
        certificates=certificates,
        lookups=lookups,
        parts=Parts(
            services={"certificates": certificates, "lookups": lookups},
            routes=[*routes.ROUTES, *lookup_routes.ROUTES],
            handlers=[copies_handler(provenance=provenance, likeness=likeness)],
        ),
    )
