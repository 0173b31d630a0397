"""Certificates of ownership."""

from datetime import datetime
from typing import Literal

from souk_client.contracts.base import Answer, OwnerRef, Request
from souk_client.contracts.rights import InclusionProof
from souk_client.contracts.works import LicenceTerms

CertificateState = Literal["valid", "revoked", "expired"]


class OwnershipCertificateRequest(Request, frozen=True, kw_only=True):
    """Makes a certificate, or changes whether it names its holder."""

    shows_holder: bool = False


class Certificate(Answer, frozen=True, kw_only=True):
    """A certificate, to the holder of its licence."""

    id: str
    licence_id: str
    code: str
    """Whoever has it sees the certificate."""
    check_url: str
    """Where anybody who has the code sees whether the licence still holds."""
    shows_holder: bool
    made_at: datetime


class CertifiedFile(Answer, frozen=True, kw_only=True):
    path: str
    sha256: str
    size_bytes: int


class CertificateCheck(Answer, frozen=True, kw_only=True):
    """What a certificate says now, to whoever has its code."""

    code: str
    state: CertificateState
    reason: str | None = None
    """Why it is not valid."""
    checked_at: datetime
    made_at: datetime
    listing_id: str
    listing_address: str
    listing_title: str
    version: str
    content_sha256: str
    file_count: int
    files: list[CertifiedFile]
    """The first 200 by path."""
    licensor: OwnerRef
    holder: OwnerRef | None
    """None: the holder does not want to be named."""
    terms: LicenceTerms
    spdx: str | None
    valid_from: datetime
    valid_until: datetime | None
    provenance_entry_id: str
    proof: InclusionProof | None
    """None for up to a second after the licence was issued."""
