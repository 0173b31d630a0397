"""Certificates of ownership."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts
from souk.rights.certificates import routes
from souk.rights.certificates.service import CertificateService
from souk.rights.licences.api import Licences
from souk.rights.provenance.api import Provenance
from souk.web.settings import BrandSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateParts:
    certificates: CertificateService
    parts: Parts


def wire_certificates(
    core: Core, *, licences: Licences, provenance: Provenance
) -> CertificateParts:
    certificates = CertificateService(
        licences=licences,
        provenance=provenance,
        keyring=core.keyring,
        base_url=core.settings.base_url,
        market_name=core.load(BrandSettings, "brand").name,
    )
    return CertificateParts(
        certificates=certificates,
        parts=Parts(services={"certificates": certificates}, routes=routes.ROUTES),
    )
