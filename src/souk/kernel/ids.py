"""Typed, prefixed, time-ordered ids: `lst_01jd2v…` is a UUIDv7 in Crockford base 32 (TypeID).

The text sorts in the order of creation, so an id is also a paging key.
Source: RFC 9562 section 5.7 (UUIDv7) and the TypeID specification 0.3.
"""

import os
import re
from datetime import UTC, datetime
from typing import Final, NewType

UserId = NewType("UserId", str)
OrganisationId = NewType("OrganisationId", str)
InvitationId = NewType("InvitationId", str)
SessionId = NewType("SessionId", str)
ApiKeyId = NewType("ApiKeyId", str)
UploadId = NewType("UploadId", str)
ListingId = NewType("ListingId", str)
VersionId = NewType("VersionId", str)
RevisionId = NewType("RevisionId", str)
OfferId = NewType("OfferId", str)
OrderId = NewType("OrderId", str)
LicenceId = NewType("LicenceId", str)
EntryId = NewType("EntryId", str)
TransferId = NewType("TransferId", str)
HoldId = NewType("HoldId", str)
DepositId = NewType("DepositId", str)
EventId = NewType("EventId", str)
NoticeId = NewType("NoticeId", str)
ReviewId = NewType("ReviewId", str)
CaseId = NewType("CaseId", str)
ReportId = NewType("ReportId", str)
FlagId = NewType("FlagId", str)
DecisionId = NewType("DecisionId", str)
CollectionId = NewType("CollectionId", str)
SavedSearchId = NewType("SavedSearchId", str)
ImageId = NewType("ImageId", str)
EvaluationId = NewType("EvaluationId", str)
WorkspaceId = NewType("WorkspaceId", str)
AssetId = NewType("AssetId", str)
DomainId = NewType("DomainId", str)
ChainSaleId = NewType("ChainSaleId", str)
CertificateId = NewType("CertificateId", str)
WebhookId = NewType("WebhookId", str)
LinkedWalletId = NewType("LinkedWalletId", str)
CredentialId = NewType("CredentialId", str)
DeviceId = NewType("DeviceId", str)

PREFIXES: Final = {
    UserId: "usr",
    OrganisationId: "org",
    InvitationId: "inv",
    SessionId: "ses",
    ApiKeyId: "key",
    UploadId: "upl",
    ListingId: "lst",
    VersionId: "ver",
    RevisionId: "rev",
    OfferId: "off",
    OrderId: "ord",
    LicenceId: "lic",
    EntryId: "prv",
    TransferId: "trf",
    HoldId: "hld",
    DepositId: "dep",
    EventId: "evt",
    NoticeId: "ntc",
    ImageId: "img",
    EvaluationId: "evl",
    ReviewId: "rvw",
    CaseId: "cas",
    ReportId: "rpt",
    FlagId: "flg",
    DecisionId: "dec",
    CollectionId: "col",
    SavedSearchId: "svs",
    WorkspaceId: "wsp",
    AssetId: "ast",
    CertificateId: "crt",
    WebhookId: "whk",
    DomainId: "dom",
    ChainSaleId: "csl",
    LinkedWalletId: "wlt",
    CredentialId: "crd",
    DeviceId: "dev",
}
"""Every id type and its prefix."""

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_SHAPE: Final = re.compile(r"[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}")


def new_id(prefix: str, at: datetime) -> str:
    """A fresh id: 48 bits of milliseconds since 1970, then 74 random bits."""
    milliseconds = int(at.timestamp() * 1000)
    random_bits = int.from_bytes(os.urandom(10))
    value = (
        (milliseconds & 0xFFFF_FFFF_FFFF) << 80
        | 0x7 << 76
        | (random_bits >> 68 & 0xFFF) << 64
        | 0b10 << 62
        | random_bits & 0x3FFF_FFFF_FFFF_FFFF
    )
    digits = [_ALPHABET[value >> shift & 31] for shift in range(125, -5, -5)]
    return f"{prefix}_{''.join(digits)}"


def made_at(prefixed_id: str) -> datetime:
    """When an id was made, to the millisecond.

    Raises:
        ValueError: it is no id.
    """
    if _SHAPE.fullmatch(prefixed_id) is None:
        raise ValueError(f"not an id: {prefixed_id!r}")
    value = 0
    for sign in prefixed_id[4:]:
        value = value << 5 | _ALPHABET.index(sign)
    return datetime.fromtimestamp((value >> 80) / 1000, tz=UTC)


def is_id(text: str, prefix: str) -> bool:
    """Whether `text` has the shape of an id with this prefix (not whether it exists)."""
    return text.startswith(f"{prefix}_") and _SHAPE.fullmatch(text) is not None
