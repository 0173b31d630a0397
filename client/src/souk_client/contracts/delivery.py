"""Delivery: licensed files and their signed addresses."""

from datetime import datetime

from souk_client.contracts.base import Answer


class LicensedFile(Answer, frozen=True, kw_only=True):
    """A file a licence opens, with an address that works without a token for a short time."""

    path: str
    sha256: str
    size_bytes: int
    cid: str
    media_type: str
    url: str
    expires_at: datetime


class LicensedFiles(Answer, frozen=True, kw_only=True):
    licence_id: str
    listing_address: str
    version: str
    items: list[LicensedFile]
