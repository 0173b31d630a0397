"""What the catalogue holds, as typed data: enough to publish every listing in one loop."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Literal

import msgspec

MANIFEST_NAME: Final = "manifest.json"
CARD_NAME: Final = "README.md"
LICENCE_NAME: Final = "LICENSE"

ListingKind = Literal["model", "dataset"]


class Price(msgspec.Struct, frozen=True):
    """A one-off price in minor units of a currency."""

    amount_minor: int
    currency: str


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One measured number, with its 95 % interval and what it was measured on."""

    name: str
    value: float
    low: float
    high: float
    split: str
    sample_count: int
    higher_is_better: bool = True


class Tensor(msgspec.Struct, frozen=True):
    """A named input or output; `None` in a shape is any length."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]


class Compatibility(msgspec.Struct, frozen=True, kw_only=True):
    """What a buyer needs to use the files."""

    formats: tuple[str, ...]
    libraries: tuple[str, ...]
    hardware: tuple[str, ...] = ("cpu",)
    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()


class Rerun(msgspec.Struct, frozen=True, kw_only=True):
    """What the marketplace needs to measure a model again itself."""

    data_file: str
    """Path of the table in the dataset that the model was trained on."""
    target: str
    """The column of the labels."""
    rows_file: str
    """Path of the numbers of the held-out rows in the model's own files."""


class CatalogueFile(msgspec.Struct, frozen=True):
    """A file of a listing: its path inside the listing, in POSIX form, and what it is."""

    path: str
    size_bytes: int
    sha256: str


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """A work as its maker describes it, before its files are counted and hashed."""

    seller: str
    slug: str
    kind: ListingKind
    title: str
    summary: str
    licence: str
    tags: tuple[str, ...]
    category: str
    task: str
    trained_on: str | None = None
    """The address of the dataset behind the metrics."""
    version: str
    price: Price | None
    metrics: tuple[Metric, ...]
    compatibility: Compatibility
    rerun: Rerun | None = None


class CatalogueListing(msgspec.Struct, frozen=True):
    """A work and its files; the card is the file `README.md`, `price` None means free."""

    work: Work
    files: tuple[CatalogueFile, ...]

    @property
    def address(self) -> str:
        """`owner/slug`, as buyers write it."""
        return f"{self.work.seller}/{self.work.slug}"


class Manifest(msgspec.Struct, frozen=True):
    """Everything in one built catalogue."""

    version: str
    listings: tuple[CatalogueListing, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A built catalogue on disk."""

    root: Path
    manifest: Manifest

    def path_of(self, listing: CatalogueListing, file: CatalogueFile) -> Path:
        """Where a file of a listing lies."""
        return self.root / listing.work.slug / PurePosixPath(file.path)

    def card_of(self, listing: CatalogueListing) -> str:
        """The listing's card: Markdown with YAML front matter."""
        return (self.root / listing.work.slug / CARD_NAME).read_text(encoding="utf-8")
