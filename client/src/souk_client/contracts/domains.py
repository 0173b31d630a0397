"""Domains of owners' own, how they are proven, and their certificates."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from souk_client.contracts.base import Answer, Id, Request
from souk_client.contracts.sites import HostName

CertificateBy = Literal["acme", "own"]
DomainState = Literal["unproven", "waiting", "live", "expiring", "expired"]
PerMinute = Annotated[int, Meta(ge=1, le=1_000_000)]
Origin = Annotated[
    str,
    Meta(
        max_length=255,
        pattern=r"^(\*|https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?)$",
        description="such as `https://www.example.org`, or `*` for any",
    ),
]
Pem = Annotated[str, Meta(min_length=64, max_length=65_536, pattern="^[\\x09\\x0a\\x0d -~]*$")]
HeaderName = Annotated[str, Meta(max_length=64, pattern="^[a-z0-9-]*$")]


class DomainRequest(Request, frozen=True, kw_only=True):
    """A name that shall lead to assets, or to a site."""

    name: HostName
    site_id: Id | None = None
    """The site that it leads to; the organisation's assets when left out."""
    certificate: CertificateBy = "acme"
    """`acme`: the marketplace gets one and renews it; `own`: you send one."""
    organisation_id: Id | None = None


class DomainUpdate(Request, frozen=True, kw_only=True):
    """What is left out stays as it is."""

    certificate: CertificateBy | None = None
    hsts_s: Annotated[int, Meta(ge=0, le=2 * 365 * 86_400)] | None = None
    """How long browsers shall remember to come by HTTPS only; 0: they forget it."""
    cors_origins: Annotated[list[Origin], Meta(max_length=32)] | None = None
    """Whose pages may read what is served here; an empty list leaves it to the origin."""
    per_address_per_minute: PerMinute | None = None
    """Requests of one address at one node, with bursts of as many."""
    per_key_per_minute: PerMinute | None = None
    """Requests with one value of `key_header` at one node."""
    key_header: HeaderName | None = None
    """The request header that holds a caller's key, such as `x-api-key`; none when empty."""


class CertificateRequest(Request, frozen=True, kw_only=True):
    """A certificate of the owner's own."""

    chain_pem: Pem
    """The domain's certificate first, then those that signed it."""
    key_pem: Pem
    """Its private key, without a passphrase; it is kept sealed, and never shown again."""


class DomainProof(Answer, frozen=True, kw_only=True):
    """Either of the two shows that the name is the owner's."""

    txt_name: str
    txt_value: str
    file_url: str
    file_content: str


class DomainCertificate(Answer, frozen=True, kw_only=True):
    source: CertificateBy
    not_before: datetime
    not_after: datetime


class Domain(Answer, frozen=True, kw_only=True):
    """A name of an organisation's own, and what is to be done for it next."""

    id: str
    organisation_id: str
    site_id: str
    name: str
    state: DomainState
    next_step: str
    """What the owner does next, in words; empty when there is nothing."""
    proof: DomainProof
    proven_at: datetime | None
    checked_at: datetime | None
    problem: str
    certificate_by: CertificateBy
    certificate: DomainCertificate | None
    hsts_s: int
    cors_origins: list[str]
    per_address_per_minute: int
    per_key_per_minute: int
    key_header: str
    created_at: datetime


class Domains(Answer, frozen=True, kw_only=True):
    items: list[Domain]
