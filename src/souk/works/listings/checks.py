"""What is asked of a version before it is public: uploaded, scanned, admitted."""

from collections.abc import Sequence
from typing import Final

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import Conflict, Invalid
from souk.people.organisations.api import OrganisationsApi
from souk.works.artifacts.api import Artifact
from souk.works.listings.api import PublishCandidate, PublishGate
from souk.works.listings.errors import ArtifactQuarantined, ExecutableRefused, ScanPending
from souk.works.listings.model import ListingRow
from souk.works.revisions.api import TreeFile
from souk_client.contracts.base import ListingKind
from souk_client.contracts.works import VersionFile

KINDS_WITH_PROGRAMS: Final = frozenset({"plugin", "api", "agent", "compute"})
KINDS_WITH_VERSION_FACTS: Final = frozenset({"plugin"})
"""Kinds whose versions a `VersionGate` has a say about."""


class SellerGate:
    """Refuses what sellers whom moderators hid would publish; for as long as nobody above has more
    to say, the only gate."""

    def __init__(self, organisations: OrganisationsApi) -> None:
        self._organisations = organisations

    async def refusals(self, uow: UnitOfWork, candidate: PublishCandidate) -> list[str]:
        if await self._organisations.is_hidden(uow, candidate.organisation_id):
            return ["moderators took this seller from sight, which may be appealed once"]
        return []


def tree_of(files: Sequence[VersionFile], held: dict[str, Artifact]) -> list[TreeFile]:
    """The tree of these files.

    Raises:
        Invalid: `file_unknown` names those that the organisation has not uploaded.
    """
    unknown = [file.path for file in files if file.sha256 not in held]
    if unknown:
        shown = ", ".join(repr(path[:80]) for path in unknown[:5])
        raise Invalid(
            "file_unknown",
            f"{len(unknown)} file(s) name content that your organisation has not uploaded: {shown}"
            ". Upload them first.",
        )
    return [
        TreeFile(path=file.path, sha256=file.sha256, size_bytes=held[file.sha256].size_bytes)
        for file in files
    ]


def check_scans(
    tree: Sequence[TreeFile], artifacts: dict[str, Artifact], *, kind: ListingKind
) -> None:
    """Whether every file of a tree is clean, and no program where none belongs.

    Raises:
        Conflict: `artifact_quarantined`, `scan_pending`, `executable_refused`.
    """
    bad = {
        file.path: artifacts[file.sha256].scan.reasons
        for file in tree
        if artifacts[file.sha256].scan.state == "quarantined"
    }
    if bad:
        raise ArtifactQuarantined(bad)
    pending = {file.sha256 for file in tree if artifacts[file.sha256].scan.state == "pending"}
    if pending:
        raise ScanPending(sorted(pending))
    programs = [file.path for file in tree if "executable" in artifacts[file.sha256].scan.facts]
    if programs and kind not in KINDS_WITH_PROGRAMS:
        raise ExecutableRefused(programs, kind)


async def check_gate(gate: PublishGate, uow: UnitOfWork, candidate: PublishCandidate) -> None:
    """Asks those above. Raises Conflict `publish_refused` with their reasons."""
    refusals = await gate.refusals(uow, candidate)
    if refusals:
        raise Conflict(
            "publish_refused", f"Not published: {'; '.join(refusals)}.", reasons=refusals
        )


def candidate_of(row: ListingRow, sha256s: list[str]) -> PublishCandidate:
    """What a gate is asked about."""
    assert row.licence is not None  # publishing has asked for it
    return PublishCandidate(
        listing_id=row.id,
        organisation_id=row.organisation_id,
        kind=row.kind,
        title=row.title,
        card=row.card,
        licence=row.licence,
        sha256s=sha256s,
    )
