"""What other contexts may ask of listings, and what listings ask of those above them."""

from souk.works.listings.api.changing import (
    ListingEditing,
    ListingOversight,
    ManagedListing,
    VersionPublishing,
)
from souk.works.listings.api.ports import (
    AdmittedVersion,
    Covers,
    ListingWatcher,
    NewOffer,
    OfferBook,
    PublishCandidate,
    PublishGate,
    VersionCandidate,
    VersionGate,
)
from souk.works.listings.api.reading import (
    ListingAddress,
    Listings,
    SellerTotals,
    current_version,
)
from souk.works.listings.api.repositories import Repositories, Repository, RepositoryVersion
from souk.works.listings.api.sales import SaleFile, SaleItem, SaleOffer, SaleVersion

__all__ = [
    "AdmittedVersion",
    "Covers",
    "ListingAddress",
    "ListingEditing",
    "ListingOversight",
    "ListingWatcher",
    "Listings",
    "ManagedListing",
    "NewOffer",
    "OfferBook",
    "PublishCandidate",
    "PublishGate",
    "Repositories",
    "Repository",
    "RepositoryVersion",
    "SaleFile",
    "SaleItem",
    "SaleOffer",
    "SaleVersion",
    "SellerTotals",
    "VersionCandidate",
    "VersionGate",
    "VersionPublishing",
    "current_version",
]
