"""Look-up of files by their hash."""

from datetime import datetime
from typing import Literal

from souk_client.contracts.base import Answer, ListingKind, OwnerRef
from souk_client.contracts.rights import ProvenanceEntry

FoundBy = Literal["bytes", "chunks", "tensors", "shapes"]
"""`bytes`: the same file · `chunks`: pieces of its content · `tensors`: weights, bit for bit ·
`shapes`: the coarse form of weights, which rounding and slight changes leave as it is."""


class FileWork(Answer, frozen=True, kw_only=True):
    """A published work that holds a file."""

    listing_id: str
    address: str
    title: str
    kind: ListingKind
    owner: OwnerRef
    licence: str | None
    good_licences: int
    """How many licences for it are good now; who holds them is nobody else's business."""


class AlikeFile(Answer, frozen=True, kw_only=True):
    """Another file with much of the same content, and who published that first."""

    sha256: str
    share: float
    """From 0 to 1: how much of the content is the same."""
    found_by: FoundBy
    entry_id: str
    """The log's entry of its first publication."""
    published_at: datetime
    earlier: bool
    """Whether it was published before the file that was asked for."""
    work: FileWork | None
    """None when the work is not on the market any more."""


class FileLookup(Answer, frozen=True, kw_only=True):
    """What is known of a file."""

    sha256: str
    first_published: ProvenanceEntry | None
    """None when nobody has published these bytes here."""
    works: list[FileWork]
    """Works on the market that hold the file, the first publisher's first."""
    compared: Literal["known", "waiting", "skipped", "failed", "unknown"]
    """Whether it was compared with others: `skipped` are very short and very long ones."""
    alike: list[AlikeFile]
    """The most alike first; at most 20."""


class Copy(Answer, frozen=True, kw_only=True):
    """A work with a file like one that somebody else published before."""

    work: FileWork
    sha256: str
    """The file of the work that was asked for."""
    other_sha256: str
    """The other work's file."""
    share: float
    found_by: FoundBy
    found_at: datetime


class Copies(Answer, frozen=True, kw_only=True):
    """Works that are like this one, of other sellers."""

    earlier: list[Copy]
    """Published before this one: it may be a copy of them."""
    later: list[Copy]
    """Published after this one: they may be copies of it."""
