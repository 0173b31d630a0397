"""HTTP: certificates of ownership."""

from typing import Annotated

from litestar import Response, delete, get, put
from litestar.params import Parameter

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import NotFound
from souk.rights.certificates.api import Drawn
from souk.rights.certificates.service import CertificateService
from souk_client.contracts.certificates import (
    Certificate,
    CertificateCheck,
    OwnershipCertificateRequest,
)

Code = Annotated[str, Parameter(max_length=64, description="the certificate's code")]


@put("/licences/{licence_id:str}/certificate", tags=["rights"])
async def make_certificate(
    licence_id: str,
    data: OwnershipCertificateRequest,
    uow: UnitOfWork,
    actor: Actor,
    certificates: CertificateService,
) -> Certificate:
    """Makes the licence's certificate, or changes whether it names its holder; managers only."""
    return await certificates.make(uow, actor, licence_id, shows_holder=data.shows_holder)


@get("/licences/{licence_id:str}/certificate", tags=["rights"])
async def get_certificate(
    licence_id: str, uow: UnitOfWork, actor: Actor, certificates: CertificateService
) -> Certificate:
    """The licence's certificate, to members of its holder."""
    found = await certificates.of_licence(uow, actor, licence_id)
    if found is None:
        raise NotFound("certificate_unknown", "No certificate of this licence was made.")
    return found


@delete("/licences/{licence_id:str}/certificate", tags=["rights"])
async def withdraw_certificate(
    licence_id: str, uow: UnitOfWork, actor: Actor, certificates: CertificateService
) -> None:
    """Makes the certificate's code unknown for good; managers only."""
    await certificates.withdraw(uow, actor, licence_id)


@get("/licences/{licence_id:str}/certificate/pdf", tags=["rights"], media_type="application/pdf")
async def get_certificate_pdf(
    licence_id: str, uow: UnitOfWork, actor: Actor, certificates: CertificateService
) -> Response[bytes]:
    """The certificate to print; the proof is attached to it, and `mp verify` takes the PDF."""
    return _file(await certificates.pdf(uow, actor, licence_id), "application/pdf")


@get("/licences/{licence_id:str}/certificate/bundle", tags=["rights"])
async def get_certificate_bundle(
    licence_id: str, uow: UnitOfWork, actor: Actor, certificates: CertificateService
) -> Response[bytes]:
    """The signed certificate with its log entry, inclusion proof, signed head, anchor and keys."""
    return _file(await certificates.bundle(uow, actor, licence_id), "application/json")


@get("/certificates/{code:str}", tags=["rights"])
async def check_certificate(
    code: Code, uow: UnitOfWork, certificates: CertificateService
) -> CertificateCheck:
    """What a certificate says now; 404 when nobody has one with this code. Open to everybody."""
    return await certificates.check(uow, code)


@get("/certificates/{code:str}/qr", tags=["rights"], media_type="image/svg+xml")
async def get_qr_code(
    code: Code, uow: UnitOfWork, certificates: CertificateService
) -> Response[str]:
    """A QR code (SVG) that leads to the page where the certificate is checked."""
    found = await certificates.check(uow, code)
    return Response(certificates.qr_code(found.code), media_type="image/svg+xml")


def _file(drawn: Drawn, media_type: str) -> Response[bytes]:
    headers = {
        "content-disposition": f'attachment; filename="{drawn.filename}"',
        "cache-control": "no-store, private",
    }
    return Response(content=drawn.content, media_type=media_type, headers=headers)


ROUTES = [
    make_certificate,
    get_certificate,
    withdraw_certificate,
    get_certificate_pdf,
    get_certificate_bundle,
    check_certificate,
    get_qr_code,
]
