"""What changed between two versions of a listing."""

from datetime import datetime
from typing import Literal

from souk_client.contracts.base import Answer
from souk_client.contracts.works import Compatibility, Metric

Change = Literal["added", "removed", "changed", "same"]


class FileChange(Answer, frozen=True, kw_only=True):
    """A path in both trees; the hash and size are null where it is not."""

    path: str
    change: Change
    before_sha256: str | None = None
    before_size_bytes: int | None = None
    after_sha256: str | None = None
    after_size_bytes: int | None = None


class MetricChange(Answer, frozen=True, kw_only=True):
    """A metric by its name; a value is null where the listing did not have it."""

    name: str
    change: Change
    before: float | None = None
    after: float | None = None
    unit: str = ""
    higher_is_better: bool = True


class CardLine(Answer, frozen=True, kw_only=True):
    """A line of the card, or a gap between two places that changed."""

    kind: Literal["same", "added", "removed", "gap"]
    text: str


class VersionWords(Answer, frozen=True, kw_only=True):
    """What a listing said when a version became public."""

    card: str
    metrics: list[Metric]
    licence: str | None
    compatibility: Compatibility
    taken_at: datetime


class VersionDiff(Answer, frozen=True, kw_only=True):
    """What changed from one version to another."""

    from_version: str
    to_version: str
    files: list[FileChange]
    words_kept: bool
    """Whether the card and the metrics of both versions are known.

    They are kept since the marketplace began to; of versions from before, only files are compared.
    """
    metrics: list[MetricChange]
    card: list[CardLine]
    """Empty when it stayed the same."""
    card_too_long: bool
    """The cards differ, and are too long to be compared line by line."""
    licence_before: str | None
    licence_after: str | None
