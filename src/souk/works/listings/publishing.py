"""Versions, and making them public."""

import asyncio
from collections.abc import Sequence
from typing import Final

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import scope_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, NotFound
from souk.kernel.ids import new_id
from souk.kernel.semver import best
from souk.works.artifacts.api import Artifacts
from souk.works.listings import store, version_store
from souk.works.listings.announcing import announce
from souk.works.listings.api import (
    AdmittedVersion,
    OfferBook,
    PublishGate,
    VersionCandidate,
    VersionGate,
)
from souk.works.listings.checks import candidate_of, check_gate, check_scans, tree_of
from souk.works.listings.errors import (
    ListingHidden,
    PublishIncomplete,
    ScanPending,
    VersionUnknown,
)
from souk.works.listings.events import (
    ListingEdited,
)
from souk.works.listings.model import ListingRow, VersionRow, missing_to_publish
from souk.works.listings.service import ListingService
from souk.works.listings.settings import ListingSettings
from souk.works.revisions.api import Revisions, TreeFile
from souk_client.contracts.works import Listing, Version, VersionRequest

POLL_S: Final = 0.2


class Publisher:
    """Adds versions to listings and publishes them once their files are clean."""

    def __init__(
        self,
        database: Database,
        listings: ListingService,
        artifacts: Artifacts,
        revisions: Revisions,
        *,
        offers: OfferBook,
        gate: PublishGate,
        version_gate: VersionGate,
        settings: ListingSettings,
    ) -> None:
        self._database = database
        self._listings = listings
        self._artifacts = artifacts
        self._revisions = revisions
        self._offers = offers
        self._gate = gate
        self._version_gate = version_gate
        self._settings = settings

    async def add_version(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, request: VersionRequest
    ) -> Version:
        """A new version of files that the seller has uploaded; `main` moves to its revision.

        Raises:
            NotFound: `listing_unknown`. Forbidden: `not_listing_manager`.
            Invalid: `file_unknown`, `path_invalid`, `manifest_invalid`. Conflict: `version_taken`.
        """
        row = await self._listings.managed_row(uow, actor, listing_id)
        await self._check_room(uow, row)
        hashes = {file.sha256 for file in request.files}
        held = await self._artifacts.held(uow, row.organisation_id, hashes)
        tree = self._revisions.check(tree_of(request.files, held))
        candidate = await self._candidate(uow, row, version=request.version, tree=tree)
        facts = await self._version_gate.check(candidate)
        revision = await self._revisions.commit(
            uow,
            row.id,
            organisation_id=row.organisation_id,
            files=tree,
            author_id=actor.user_id,
            message=f"Version {request.version}",
        )
        return await self._name(
            uow, row, candidate, facts, revision_id=revision.id, notes=request.notes
        )

    async def name_revision(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, *, revision_id: str, version: str
    ) -> Version:
        """A new version of files that are committed already; no ref moves.

        Raises:
            NotFound: `listing_unknown`, `revision_unknown`. Forbidden: `not_listing_manager`.
            Invalid: `manifest_invalid`. Conflict: `version_taken`, `versions_full`.
        """
        row = await self._listings.managed_row(uow, actor, listing_id)
        await self._check_room(uow, row)
        revision = await self._revisions.get(uow, revision_id)
        if revision.work_id != row.id:
            raise NotFound("revision_unknown", "This revision is of another listing.")
        tree = await self._revisions.files(uow, revision_id)
        candidate = await self._candidate(uow, row, version=version, tree=tree)
        facts = await self._version_gate.check(candidate)
        return await self._name(uow, row, candidate, facts, revision_id=revision_id, notes="")

    async def _check_room(self, uow: UnitOfWork, row: ListingRow) -> None:
        if len(await version_store.versions_of(uow, row.id)) >= self._settings.max_versions:
            raise Conflict(
                "versions_full",
                f"A listing may have at most {self._settings.max_versions} versions.",
            )

    async def _name(
        self,
        uow: UnitOfWork,
        row: ListingRow,
        candidate: VersionCandidate,
        facts: dict[str, object] | None,
        *,
        revision_id: str,
        notes: str,
    ) -> Version:
        """Writes the version down and answers it."""
        new = version_store.NewVersion(
            id=new_id("ver", uow.now),
            listing_id=row.id,
            organisation_id=row.organisation_id,
            version=candidate.version,
            revision_id=revision_id,
            notes=notes,
        )
        if not await version_store.add_versions(uow, [new]):
            raise Conflict(
                "version_taken",
                f"Version {candidate.version} exists and never changes; choose a higher number.",
            )
        await self._admit(uow, candidate, facts, version_id=new.id, published=False)
        await store.touch(uow, row.id)
        return await self._listings.version(uow, row.id, candidate.version)

    async def publish_when_scanned(
        self, actor: Actor, listing_id: str, *, version: str | None
    ) -> Listing:
        """As `publish`, in transactions of its own; waits a little for scans under way."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.publish_wait_s
        while True:
            try:
                async with self._database.transaction(scope_of(actor)) as uow:
                    return await self.publish(uow, actor, listing_id, version=version)
            except ScanPending:
                if loop.time() + POLL_S > deadline:
                    raise
            await asyncio.sleep(POLL_S)

    async def publish(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, *, version: str | None = None
    ) -> Listing:
        """Makes a version public, and the listing with it. Harmless to repeat.

        Args:
            version: the newest one when None.

        Raises:
            NotFound: `listing_unknown`, `version_unknown`. Forbidden: `not_listing_manager`.
            Conflict: `listing_hidden`, `publish_incomplete`, `scan_pending`,
                `artifact_quarantined`, `publish_refused`.
        """
        row = await self._listings.managed_row(uow, actor, listing_id)
        if row.hidden_at is not None:
            raise ListingHidden()
        versions = await version_store.versions_of(uow, row.id)
        offers = (await self._offers.of_listings(uow, [row.id])).get(row.id, [])
        missing = missing_to_publish(row.words, versions=len(versions), offers=offers)
        if missing:
            raise PublishIncomplete(missing)
        chosen = _chosen(versions, version)
        if row.state != "published" or chosen.published_at is None:
            await self._publish(uow, actor, row, versions=versions, chosen=chosen)
        return await self._listings.get(uow, row.id)

    async def make_current(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, version: str
    ) -> Listing:
        """Rolls back (or forward): buyers get this published version from now on.

        Raises:
            NotFound: `listing_unknown`, `version_unknown`. Forbidden: `not_listing_manager`.
            Conflict: `version_not_published`.
        """
        row = await self._listings.managed_row(uow, actor, listing_id)
        chosen = _chosen(await version_store.versions_of(uow, row.id), version)
        if chosen.published_at is None:
            raise Conflict("version_not_published", f"Version {version} is not published yet.")
        if chosen.id != row.current_version_id:
            await version_store.set_current_version(uow, row.id, chosen.id)
            uow.publish(
                ListingEdited(
                    listing_id=row.id,
                    organisation_id=row.organisation_id,
                    address=await self._listings.address_of(uow, row),
                    title=row.title,
                    kind=row.kind,
                    user_id=actor.user_id,
                    fields=["current_version"],
                    published=row.state == "published",
                )
            )
        return await self._listings.get(uow, row.id)

    async def _publish(
        self,
        uow: UnitOfWork,
        actor: Actor,
        row: ListingRow,
        *,
        versions: Sequence[VersionRow],
        chosen: VersionRow,
    ) -> None:
        tree = await self._revisions.files(uow, chosen.revision_id)
        hashes = {file.sha256 for file in tree}
        check_scans(tree, await self._artifacts.get_many(uow, hashes), kind=row.kind)
        await check_gate(self._gate, uow, candidate_of(row, sorted(hashes)))
        candidate = await self._candidate(uow, row, version=chosen.version, tree=tree)
        facts = await self._version_gate.check(candidate)
        await self._admit(uow, candidate, facts, version_id=chosen.id, published=True)
        public = {v.version: v for v in versions if v.published_at is not None or v is chosen}
        current = public[best(list(public))]
        if row.state == "published" and row.current_version_id is not None:
            current = _moved_on(versions, row.current_version_id, best_one=current, chosen=chosen)
        await store.publish(uow, [(row.id, current.id)], version_ids=[chosen.id])
        await self._artifacts.make_public(uow, hashes)
        await self._revisions.make_public(uow, [chosen.revision_id])
        announce(
            uow,
            row,
            address=await self._listings.address_of(uow, row),
            user_id=actor.user_id,
            version=chosen if chosen.published_at is None else None,
            first=row.state != "published",
            current=current,
            tree=tree,
        )

    async def _candidate(
        self, uow: UnitOfWork, row: ListingRow, *, version: str, tree: Sequence[TreeFile]
    ) -> VersionCandidate:
        return VersionCandidate(
            listing_id=row.id,
            organisation_id=row.organisation_id,
            address=await self._listings.address_of(uow, row),
            kind=row.kind,
            version=version,
            files=tree,
        )

    async def _admit(
        self,
        uow: UnitOfWork,
        candidate: VersionCandidate,
        facts: dict[str, object] | None,
        *,
        version_id: str,
        published: bool,
    ) -> None:
        if facts is not None:
            noted = AdmittedVersion(version_id=version_id, candidate=candidate, facts=facts)
            await self._version_gate.admit(uow, [noted], published=published)


def _chosen(versions: Sequence[VersionRow], version: str | None) -> VersionRow:
    for row in versions:
        if version is None or row.version == version:
            return row
    raise VersionUnknown()


def _moved_on(
    versions: Sequence[VersionRow], current_id: str, *, best_one: VersionRow, chosen: VersionRow
) -> VersionRow:
    """After a roll-back only a version that is new and the best changes what buyers get."""
    if best_one is chosen:
        return chosen
    return next(row for row in versions if row.id == current_id)
