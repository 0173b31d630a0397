"""What changed between two versions: files by hash, metrics by name, the card line by line."""

import asyncio
import difflib
from collections.abc import Sequence
from typing import Final

from souk.infra.postgres.uow import UnitOfWork
from souk.works.listings.service import ListingService
from souk.works.listings.snapshot_store import snapshots_of
from souk_client.contracts.versions import (
    CardLine,
    Change,
    FileChange,
    MetricChange,
    VersionDiff,
    VersionWords,
)
from souk_client.contracts.works import FileEntry, Metric, Version

MAX_CARD_LINES: Final = 1500
"""Cards with more lines are said to differ, and not compared: that could take very long."""
CONTEXT_LINES: Final = 3


class VersionDiffs:
    """Compares versions that the caller may see."""

    def __init__(self, listings: ListingService) -> None:
        self._listings = listings

    async def diff(
        self, uow: UnitOfWork, listing_id: str, *, from_version: str, to_version: str
    ) -> VersionDiff:
        """What changed from one version to another; nothing of a listing that moderators hid.

        Raises:
            NotFound: `listing_unknown`, `version_unknown`.
        """
        listing = await self._listings.get(uow, listing_id)
        before = await self._listings.version(uow, listing.id, from_version)
        after = await self._listings.version(uow, listing.id, to_version)
        present = VersionWords(
            card=listing.card,
            metrics=listing.metrics,
            licence=listing.licence,
            compatibility=listing.compatibility,
            taken_at=listing.updated_at,
        )
        is_hidden = listing.hidden and not uow.scope.owns(listing.owner.id)
        kept = {} if is_hidden else await snapshots_of(uow, [before.id, after.id])
        old, new = _words(before, kept, present), _words(after, kept, present)
        card: list[CardLine] | None = []
        if old is not None and new is not None:
            card = await asyncio.to_thread(diff_cards, old.card, new.card)
        return VersionDiff(
            from_version=before.version,
            to_version=after.version,
            files=diff_files(before.files, after.files),
            words_kept=old is not None and new is not None,
            metrics=diff_metrics(old.metrics, new.metrics) if old and new else [],
            card=card or [],
            card_too_long=card is None,
            licence_before=old.licence if old else None,
            licence_after=new.licence if new else None,
        )


def _words(
    version: Version, kept: dict[str, VersionWords], present: VersionWords
) -> VersionWords | None:
    """What the listing said with a version; of one that is not public yet, what it says now."""
    return kept.get(version.id) or (present if version.published_at is None else None)


def diff_files(before: Sequence[FileEntry], after: Sequence[FileEntry]) -> list[FileChange]:
    """Every path of either tree, those that changed first, then in the order of their names."""
    old, new = {file.path: file for file in before}, {file.path: file for file in after}
    changes = [
        FileChange(
            path=path,
            change=_change(
                old[path].sha256 if path in old else None,
                new[path].sha256 if path in new else None,
            ),
            before_sha256=old[path].sha256 if path in old else None,
            before_size_bytes=old[path].size_bytes if path in old else None,
            after_sha256=new[path].sha256 if path in new else None,
            after_size_bytes=new[path].size_bytes if path in new else None,
        )
        for path in sorted({*old, *new})
    ]
    return sorted(changes, key=lambda one: (one.change == "same", one.path))


def diff_metrics(before: Sequence[Metric], after: Sequence[Metric]) -> list[MetricChange]:
    """Metrics by name, in the order of the later listing; of one that is there twice, the first."""
    old = {metric.name: metric for metric in reversed(before)}
    new = {metric.name: metric for metric in reversed(after)}
    names = dict.fromkeys(metric.name for metric in (*after, *before))
    changes = []
    for name in names:
        one, other = old.get(name), new.get(name)
        shown = other or one
        assert shown is not None  # the name comes from one of the two
        changes.append(
            MetricChange(
                name=name,
                change=_change(_figure(one), _figure(other)),
                before=one.value if one else None,
                after=other.value if other else None,
                unit=shown.unit,
                higher_is_better=shown.higher_is_better,
            )
        )
    return changes


def diff_cards(before: str, after: str) -> list[CardLine] | None:
    """The lines that changed with some around them; empty when none did, None when too many."""
    if before == after:
        return []
    old, new = before.splitlines(), after.splitlines()
    if max(len(old), len(new)) > MAX_CARD_LINES:
        return None
    lines: list[CardLine] = []
    matcher = difflib.SequenceMatcher(None, old, new)
    for number, group in enumerate(matcher.get_grouped_opcodes(CONTEXT_LINES)):
        if number:
            lines.append(CardLine(kind="gap", text=""))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                lines += [CardLine(kind="same", text=text) for text in old[i1:i2]]
                continue
            lines += [CardLine(kind="removed", text=text) for text in old[i1:i2]]
            lines += [CardLine(kind="added", text=text) for text in new[j1:j2]]
    return lines


def _figure(metric: Metric | None) -> tuple[float, str] | None:
    return None if metric is None else (metric.value, metric.unit)


def _change(before: object, after: object) -> Change:
    if before is None:
        return "added"
    if after is None:
        return "removed"
    return "same" if before == after else "changed"
