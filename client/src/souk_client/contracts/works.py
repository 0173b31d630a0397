"""Works: uploads, artifacts, listings, versions, offers."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from souk_client.contracts.base import (
    AmountMinor,
    Answer,
    CurrencyCode,
    Id,
    ListingKind,
    Name,
    OwnerRef,
    Request,
    SemanticVersion,
    Sha256,
    SizeBytes,
    Slug,
)
from souk_client.contracts.galleries import GalleryImage

FilePath = Annotated[
    str,
    Meta(
        min_length=1, max_length=512, description="relative, with forward slashes, inside the work"
    ),
]
ScanState = Literal["pending", "clean", "quarantined"]
ListingState = Literal["draft", "published", "retired"]
Region = Literal["af", "as", "eu", "na", "oc", "sa"]
"""A part of the world: Africa, Asia, Europe, North America, Oceania, South America."""


class UploadRequest(Request, frozen=True, kw_only=True):
    """Announces a file: its length and hash are checked when it is complete."""

    filename: Annotated[str, Meta(min_length=1, max_length=255)]
    size_bytes: SizeBytes
    sha256: Sha256
    organisation_id: Id | None = None
    """Who will hold the file; the caller's personal organisation when left out."""


class Scan(Answer, frozen=True, kw_only=True):
    """What the safety scan found."""

    state: ScanState
    format: str | None = None
    """What the content is: safetensors, onnx, gguf, pickle, parquet, csv, text, …"""
    reasons: list[str] = []
    """Why it is quarantined, each in plain words."""
    facts: dict[str, str | int | float | bool] = {}
    """Read from the structure: tensors, parameters, opset, …"""


class Artifact(Answer, frozen=True, kw_only=True):
    """Content by its hash."""

    sha256: str
    size_bytes: int
    cid: str
    """CIDv1 of the content as UnixFS (1 MiB chunks, 1024 links, raw leaves)."""
    media_type: str
    scan: Scan
    created_at: datetime


class Upload(Answer, frozen=True, kw_only=True):
    """An upload under way. Parts are numbered from 1; all but the last have `part_size_bytes`."""

    id: str
    filename: str
    size_bytes: int
    sha256: str
    part_size_bytes: int
    part_count: int
    parts_received: list[int]
    state: Literal["open", "complete", "failed", "expired"]
    """`failed`: the bytes had another hash; begin a new upload."""
    expires_at: datetime
    artifact: Artifact | None = None
    """Set when complete, or at once when the organisation already holds these bytes."""


class PartReceived(Answer, frozen=True, kw_only=True):
    """A part whose bytes are durable: they need not be sent again, whatever happens."""

    number: int
    size_bytes: int


class ReleaseRequest(Request, frozen=True, kw_only=True):
    """Admin: why a quarantined artifact may be let through."""

    reason: Annotated[str, Meta(min_length=3, max_length=1000)]


class Metric(Request, frozen=True, kw_only=True):
    """A measured figure and how it was measured."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    value: float
    unit: Annotated[str, Meta(max_length=24)] = ""
    higher_is_better: bool = True
    dataset: Annotated[str, Meta(max_length=160)] = ""
    split: Annotated[str, Meta(max_length=160)] = ""
    how: Annotated[str, Meta(max_length=600)] = ""


class Compatibility(Request, frozen=True, kw_only=True):
    """What a work runs on."""

    frameworks: list[Annotated[str, Meta(max_length=60)]] = []
    runtimes: list[Annotated[str, Meta(max_length=60)]] = []
    hardware: list[Annotated[str, Meta(max_length=60)]] = []
    min_memory_gb: Annotated[float, Meta(ge=0, le=1_000_000)] | None = None


class LicenceTerms(Request, frozen=True, kw_only=True):
    """What a buyer of an offer gets: for ever, for a time, for a number of uses, for some seats."""

    kind: Literal["perpetual", "timed", "counted", "seats"] = "perpetual"
    duration_days: Annotated[int, Meta(ge=1, le=36_500)] | None = None
    uses: Annotated[int, Meta(ge=1, le=10**12)] | None = None
    seats: Annotated[int, Meta(ge=1, le=10**6)] | None = None
    transferable: bool = False


class SplitShare(Request, frozen=True, kw_only=True):
    """A part of a custom split, in basis points (8500 = 85 %)."""

    role: Literal["creator", "platform", "affiliate", "compliance", "partner"]
    basis_points: Annotated[int, Meta(ge=0, le=10_000)]
    organisation_id: Id | None = None
    """Who a partner (or a creator other than the seller) is."""


class OfferRequest(Request, frozen=True, kw_only=True):
    """A price and licence terms of one edition."""

    edition: Slug = "standard"
    price_minor: AmountMinor
    currency: CurrencyCode = "USD"
    terms: LicenceTerms = msgspec.field(default_factory=LicenceTerms)
    split: Literal["standard", "premium", "custom"] = "standard"
    shares: Annotated[list[SplitShare], Meta(max_length=20)] = []
    """Only with `custom`; must sum to 10,000 basis points."""
    creator_organisation_id: Id | None = None
    """Who made the work, when not the seller."""
    stock: Annotated[int, Meta(ge=1, le=10**9)] | None = None
    """How many may be sold; unlimited when left out."""


class OfferUpdate(Request, frozen=True, kw_only=True):
    """A new price, terms or stock: makes a new offer in the old one's place.

    Fields left out are taken from the old one.
    """

    price_minor: AmountMinor | None = None
    currency: CurrencyCode | None = None
    terms: LicenceTerms | None = None
    stock: Annotated[int, Meta(ge=1, le=10**9)] | None = None
    """How many more may be sold; what is left of the old stock when left out."""


class Offer(Answer, frozen=True, kw_only=True):
    id: str
    edition: str
    price_minor: int
    currency: str
    terms: LicenceTerms
    split: Literal["standard", "premium", "custom"]
    shares: list[SplitShare]
    creator_organisation_id: str | None = None
    stock: int | None = None
    sold: int = 0
    state: Literal["active", "withdrawn"] = "active"


Tag = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]+$")]
Card = Annotated[str, Meta(max_length=200_000)]
Spdx = Annotated[
    str,
    Meta(
        min_length=2,
        max_length=120,
        description="an SPDX expression (MIT, Apache-2.0, GPL-3.0-only) or LicenseRef-…",
    ),
]


class ListingRequest(Request, frozen=True, kw_only=True):
    """A new draft listing."""

    kind: ListingKind
    slug: Slug
    title: Name
    summary: Annotated[str, Meta(max_length=300)] = ""
    card: Card = ""
    """Markdown with optional YAML front matter; fields of the front matter fill those left out."""
    licence: Spdx | None = None
    category: Annotated[str, Meta(max_length=60)] = ""
    task: Annotated[str, Meta(max_length=60)] = ""
    tags: Annotated[list[Tag], Meta(max_length=40)] = []
    metrics: Annotated[list[Metric], Meta(max_length=60)] = []
    compatibility: Compatibility = msgspec.field(default_factory=Compatibility)
    regions: Annotated[list[Region], Meta(max_length=6)] = []
    """Where it may be sold; everywhere when left out."""
    offers: Annotated[list[OfferRequest], Meta(max_length=12)] = []
    price_minor: AmountMinor | None = None
    """Short for one `standard` offer with perpetual terms, together with `currency`."""
    currency: CurrencyCode = "USD"
    organisation_id: Id | None = None
    """Who sells; the caller's personal organisation when left out."""


class ListingUpdate(Request, frozen=True, kw_only=True):
    """Fields left out stay as they are."""

    title: Name | None = None
    summary: Annotated[str, Meta(max_length=300)] | None = None
    card: Card | None = None
    licence: Spdx | None = None
    category: Annotated[str, Meta(max_length=60)] | None = None
    task: Annotated[str, Meta(max_length=60)] | None = None
    tags: Annotated[list[Tag], Meta(max_length=40)] | None = None
    metrics: Annotated[list[Metric], Meta(max_length=60)] | None = None
    compatibility: Compatibility | None = None
    regions: Annotated[list[Region], Meta(max_length=6)] | None = None
    """Where it may be sold; an empty list is everywhere."""


class VersionFile(Request, frozen=True, kw_only=True):
    """A path of a version and the artifact it holds."""

    path: FilePath
    sha256: Sha256


class VersionRequest(Request, frozen=True, kw_only=True):
    """A semantic version: a name for a revision that never moves."""

    version: SemanticVersion
    files: Annotated[list[VersionFile], Meta(min_length=1, max_length=10_000)]
    notes: Annotated[str, Meta(max_length=20_000)] = ""


class PublishRequest(Request, frozen=True, kw_only=True):
    """What to publish; the body may be left out."""

    version: SemanticVersion | None = None
    """The newest version when left out."""


class FileEntry(Answer, frozen=True, kw_only=True):
    path: str
    sha256: str
    size_bytes: int
    cid: str
    media_type: str
    scan: Scan


class Version(Answer, frozen=True, kw_only=True):
    id: str
    version: str
    revision_id: str
    notes: str
    files: list[FileEntry]
    size_bytes: int
    created_at: datetime
    published_at: datetime | None = None


class Listing(Answer, frozen=True, kw_only=True):
    id: str
    address: str
    """`owner/slug`."""
    owner: OwnerRef
    kind: ListingKind
    slug: str
    title: str
    summary: str
    card: str
    licence: str | None
    category: str
    task: str
    tags: list[str]
    metrics: list[Metric]
    compatibility: Compatibility
    state: ListingState
    offers: list[Offer]
    versions: list[Version]
    """Newest first."""
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None = None
    sales: int = 0
    downloads: int = 0
    regions: list[Region] = []
    """Where it may be sold; empty is everywhere."""
    current_version: str | None = None
    """The number of the version that buyers get now; null until one is public."""
    hidden: bool = False
    """Taken down by moderators: its words are shown to its owner alone."""


class ListingSummary(Answer, frozen=True, kw_only=True):
    """A listing in a list."""

    id: str
    address: str
    owner: OwnerRef
    kind: ListingKind
    title: str
    summary: str
    licence: str | None
    task: str
    tags: list[str]
    state: ListingState
    price_minor: int | None
    """The lowest active offer; null when there is none."""
    currency: str | None
    version: str | None
    sales: int
    downloads: int
    updated_at: datetime
    published_at: datetime | None = None
    cover: GalleryImage | None = None
    """The first picture of its gallery; null when it has none."""


class ImportItem(Request, frozen=True, kw_only=True):
    """A listing with its first version, published in the same step when `publish`."""

    listing: ListingRequest
    version: VersionRequest | None = None
    publish: bool = False


class ImportRequest(Request, frozen=True, kw_only=True):
    """Many listings through the same rules as one by one."""

    items: Annotated[list[ImportItem], Meta(min_length=1, max_length=1000)]


class ImportResult(Answer, frozen=True, kw_only=True):
    """What became of one item: its listing, or the problem that kept it out."""

    index: int
    listing_id: str | None = None
    address: str | None = None
    problem: str | None = None
    code: str | None = None


class ImportAnswer(Answer, frozen=True, kw_only=True):
    imported: int
    refused: int
    results: list[ImportResult]
