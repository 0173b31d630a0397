"""Domains of one's own for assets and sites."""

from types import NoneType

from souk_client.contracts.domains import (
    CertificateRequest,
    Domain,
    DomainRequest,
    Domains,
    DomainUpdate,
)
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api


def list_domains(*, organisation_id: str | None = None) -> Call[Domains]:
    """Domains, each with its state and what to do next."""
    query = {"organisation_id": organisation_id}
    return Call(method="GET", path=api("domains"), answer=Domains, query=query)


def claim_domain(domain: DomainRequest) -> Call[Domain]:
    """Claims a name for assets or for a site; it counts once it is proven."""
    return Call(method="POST", path=api("domains"), answer=Domain, body=domain)


def get_domain(domain_id: str) -> Call[Domain]:
    """One domain."""
    return Call(method="GET", path=api("domains", domain_id), answer=Domain)


def change_domain(domain_id: str, update: DomainUpdate) -> Call[Domain]:
    """Sets how nodes serve a domain; fields left out stay as they are."""
    return Call(method="PATCH", path=api("domains", domain_id), answer=Domain, body=update)


def check_domain(domain_id: str) -> Call[Domain]:
    """Looks now for what proves a domain."""
    return Call(method="POST", path=api("domains", domain_id, "check"), answer=Domain)


def put_certificate(domain_id: str, *, chain_pem: str, key_pem: str) -> Call[Domain]:
    """Brings a certificate of one's own."""
    body = CertificateRequest(chain_pem=chain_pem, key_pem=key_pem)
    path = api("domains", domain_id, "certificate")
    return Call(method="PUT", path=path, answer=Domain, body=body)


def remove_domain(domain_id: str) -> Call[None]:
    """Takes a domain away."""
    return Call(method="DELETE", path=api("domains", domain_id), answer=NoneType)


class OwnDomains(Namespace[S]):
    """Names of one's own."""

    list = Endpoint(list_domains)
    claim = Endpoint(claim_domain)
    get = Endpoint(get_domain)
    change = Endpoint(change_domain)
    check = Endpoint(check_domain)
    put_certificate = Endpoint(put_certificate)
    remove = Endpoint(remove_domain)
