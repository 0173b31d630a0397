"""Certificates of ownership."""

from types import NoneType

from souk_client.contracts.certificates import (
    Certificate,
    CertificateCheck,
    OwnershipCertificateRequest,
)
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api


def make_certificate(licence_id: str, *, shows_holder: bool = False) -> Call[Certificate]:
    """Makes the licence's certificate, or changes whether it names its holder."""
    return Call(
        method="PUT",
        path=api("licences", licence_id, "certificate"),
        answer=Certificate,
        body=OwnershipCertificateRequest(shows_holder=shows_holder),
    )


def get_certificate(licence_id: str) -> Call[Certificate]:
    """The licence's certificate."""
    return Call(method="GET", path=api("licences", licence_id, "certificate"), answer=Certificate)


def withdraw_certificate(licence_id: str) -> Call[None]:
    """Makes the certificate's code unknown for good."""
    return Call(method="DELETE", path=api("licences", licence_id, "certificate"), answer=NoneType)


def get_pdf(licence_id: str) -> Call[bytes]:
    """The certificate to print, with the proof attached; the client waits until that is there."""
    return Call(method="GET", path=api("licences", licence_id, "certificate", "pdf"), answer=bytes)


def get_bundle(licence_id: str) -> Call[bytes]:
    """The proof alone, as it belongs in a `*.certificate.json`."""
    return Call(
        method="GET", path=api("licences", licence_id, "certificate", "bundle"), answer=bytes
    )


def check_certificate(code: str) -> Call[CertificateCheck]:
    """What a certificate says now, by its code."""
    return Call(method="GET", path=api("certificates", code), answer=CertificateCheck)


class Certificates(Namespace[S]):
    """What the holder of a licence shows of it."""

    make = Endpoint(make_certificate)
    get = Endpoint(get_certificate)
    withdraw = Endpoint(withdraw_certificate)
    pdf = Endpoint(get_pdf)
    bundle = Endpoint(get_bundle)
    check = Endpoint(check_certificate)
