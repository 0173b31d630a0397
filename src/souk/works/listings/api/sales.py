"""What a sale needs to know of a listing."""

from typing import Literal

import msgspec

from souk_client.contracts.base import ListingKind, OwnerRef
from souk_client.contracts.works import (
    LicenceTerms,
    SplitShare,
)


class SaleFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a buyer gets."""

    path: str
    sha256: str
    size_bytes: int


class SaleVersion(msgspec.Struct, frozen=True, kw_only=True):
    """The published version that a buyer gets."""

    id: str
    version: str
    revision_id: str
    files: list[SaleFile]


class SaleOffer(msgspec.Struct, frozen=True, kw_only=True):
    """The offer that is bought, as it stands in this transaction."""

    id: str
    edition: str
    price_minor: int
    currency: str
    terms: LicenceTerms
    split: Literal["standard", "premium", "custom"]
    shares: list[SplitShare]
    """The split plan, sums to 10,000 basis points; also filled in for standard and premium."""
    creator_organisation_id: str | None
    """Who made the work, when not the seller."""
    stock: int | None
    """How many may be sold in all; None is unlimited."""


class SaleItem(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a checkout needs to know of what is bought."""

    listing_id: str
    address: str
    title: str
    kind: ListingKind
    owner: OwnerRef
    """The seller's organisation."""
    licence: str
    """The SPDX expression (or LicenseRef-…)."""
    regions: list[str]
    """The parts of the world it is sold in; none is everywhere."""
    version: SaleVersion
    offer: SaleOffer
