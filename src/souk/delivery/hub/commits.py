"""Commits: from lines of JSON to one atomic revision."""

import asyncio
from collections.abc import AsyncIterable, Collection, Mapping
from typing import Final

import msgspec

from souk.delivery.hub import store
from souk.delivery.hub.commit_body import CommitBody, CommitReader
from souk.delivery.hub.desk import Desk, Seen
from souk.delivery.hub.errors import (
    CommitQuarantined,
    FilesUnsent,
    Moved,
    NotOffered,
    RevisionUnknown,
)
from souk.delivery.hub.model import (
    EMPTY_OID,
    README,
    Addition,
    RepoType,
    as_oid,
    changed_tree,
    is_applied,
    oid_of,
    ref_problem,
)
from souk.delivery.hub.settings import HubSettings
from souk.delivery.hub.trees import TreeShelf
from souk.delivery.xet.api import Xet
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import scope_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.works.artifacts.api import Artifact, Artifacts, FileIntake
from souk.works.listings.api import ListingEditing, Listings, ManagedListing
from souk.works.revisions.api import MAIN, Revisions, TreeFile

POLL_S: Final = 0.1
MAX_CARD_BYTES: Final = 2**20


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """What a commit came to."""

    oid: str
    waiting: int
    """How many of the large files are still being scanned."""


class Committer:
    """Makes commits."""

    def __init__(
        self,
        database: Database,
        desk: Desk,
        *,
        listings: Listings,
        editor: ListingEditing,
        revisions: Revisions,
        artifacts: Artifacts,
        intake: FileIntake,
        xet: Xet,
        trees: TreeShelf,
        settings: HubSettings,
    ) -> None:
        self._database = database
        self._desk = desk
        self._listings = listings
        self._editor = editor
        self._revisions = revisions
        self._artifacts = artifacts
        self._intake = intake
        self._xet = xet
        self._trees = trees
        self._settings = settings
        self._reader = CommitReader(intake, settings=settings)

    async def commit(
        self,
        actor: Actor,
        repo_type: RepoType,
        *,
        owner: str,
        name: str,
        branch: str,
        stream: AsyncIterable[bytes],
    ) -> tuple[Seen, Commit]:
        """Reads a commit and makes it: one revision, or nothing at all.

        Raises:
            NotFound: `repository_unknown`, `revision_not_found`, `deletion_unknown`.
            Forbidden: `not_listing_manager`, `permission_missing`.
            Malformed: `commit_malformed`. TooLarge: `commit_too_large`.
            Invalid: `files_unsent`, `path_invalid`, `tree_invalid`, `card_invalid`.
            Conflict: `commit_quarantined`. PreconditionFailed: `commit_raced`.
        """
        async with self._database.transaction(scope_of(actor)) as uow:
            seen = await self._desk.see_own(uow, actor, repo_type, owner=owner, name=name)
            await self._listings.managed(uow, actor, seen.id)
            began_at = await self._head(uow, seen, branch)
        body = CommitBody()
        try:
            await self._reader.read(stream, body)
            await self._intake.put_away(body.staged)
            await self._await_scans(actor, seen, body)
            async with self._database.transaction(scope_of(actor)) as uow:
                managed = await self._listings.managed(uow, actor, seen.id)
                at = await self._head(uow, seen, branch)
                if at is not None and await self._is_repeated(uow, at, body):
                    return seen, Commit(oid=oid_of(at), waiting=0)
                if at != began_at or not _parent_fits(body.parent, at):
                    raise Moved(branch, head=at and oid_of(at))
                commit = await self._make(uow, actor, managed, branch=branch, at=at, body=body)
            return seen, commit
        finally:
            await self._intake.drop(body.staged)

    async def _head(self, uow: UnitOfWork, seen: Seen, branch: str) -> str | None:
        """Where a branch is; None for `main` before the first commit."""
        head = None
        if branch == MAIN or ref_problem(branch) is None:
            head = await self._revisions.head(uow, seen.id, ref=branch)
        if head is None and branch != MAIN:
            if await self._desk.find(uow, seen, branch) is not None:
                raise NotOffered(f"{branch[:80]!r} never moves; commit to a branch.")
            raise RevisionUnknown(branch)
        return None if head is None else head.id

    async def _is_repeated(self, uow: UnitOfWork, at: str, body: CommitBody) -> bool:
        """Whether the head is this very commit: its answer was lost, and it is sent again."""
        if body.parent is None:
            return False  # the same content again makes no new revision anyway
        head = await self._revisions.get(uow, at)
        tree = await self._trees.get(uow, at)
        parent = head.parents[0] if head.parents else None
        return _parent_fits(body.parent, parent) and is_applied(tree.files, body.operations)

    async def _make(
        self,
        uow: UnitOfWork,
        actor: Actor,
        managed: ManagedListing,
        *,
        branch: str,
        at: str | None,
        body: CommitBody,
    ) -> Commit:
        """The revision, under the listing's lock."""
        organisation_id = managed.organisation_id
        found = await self._intake.record(uow, body.staged, organisation_id=organisation_id)
        if body.blob_ids:
            await store.note_blob_ids(uow, body.blob_ids)
        found |= await self._held(uow, actor, organisation_id, body, known=found)
        _check_scans(body, found)
        before = (await self._trees.get(uow, at)).files
        sizes = {sha256: artifact.size_bytes for sha256, artifact in found.items()}
        tree = changed_tree(before, body.operations, sizes)
        revision = await self._revisions.commit(
            uow,
            managed.id,
            organisation_id=organisation_id,
            files=tree,
            author_id=actor.user_id,
            message=body.message,
            ref=branch,
        )
        if branch == MAIN:
            await self._take_card(uow, actor, managed, before=before, after=tree, body=body)
        before_it = _sent_before(body)
        waiting = sum(found[sha256].scan.state == "pending" for sha256 in before_it)
        return Commit(oid=oid_of(revision.id), waiting=waiting)

    async def _held(
        self,
        uow: UnitOfWork,
        actor: Actor,
        organisation_id: str,
        body: CommitBody,
        *,
        known: Mapping[str, Artifact],
    ) -> dict[str, Artifact]:
        """What was sent before, by LFS, by Xet or as an upload.

        Raises:
            FilesUnsent: what was not.
        """
        wanted = _sent_before(body) - known.keys()
        found = await self._artifacts.held(uow, organisation_id, wanted)
        if wanted - found.keys():
            found |= await self._xet.artifacts_of(uow, actor, wanted - found.keys())
        unsent = [
            operation.path
            for operation in body.operations
            if isinstance(operation, Addition)
            and operation.sha256 not in known
            and not _is_there(operation, found)
        ]
        if unsent:
            raise FilesUnsent(unsent)
        return found

    async def _await_scans(self, actor: Actor, seen: Seen, body: CommitBody) -> None:
        """Waits a little for the scans of files that were sent before."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.scan_wait_s
        wanted = _sent_before(body)
        while wanted and loop.time() < deadline:
            async with self._database.transaction(scope_of(actor), read_only=True) as uow:
                found = await self._artifacts.held(uow, seen.repository.organisation_id, wanted)
            wanted = {one.sha256 for one in found.values() if one.scan.state == "pending"}
            if wanted:
                await asyncio.sleep(POLL_S)

    async def _take_card(
        self,
        uow: UnitOfWork,
        actor: Actor,
        managed: ManagedListing,
        *,
        before: Collection[TreeFile],
        after: Collection[TreeFile],
        body: CommitBody,
    ) -> None:
        """Shows the README as the listing's card, when this commit changes it."""
        was = {file.sha256 for file in before if file.path == README}
        files = [file for file in after if file.path == README and file.sha256 not in was]
        for file in files:
            content = body.readme
            if content is None:
                chunks = self._artifacts.open(file.sha256, end=MAX_CARD_BYTES)
                content = b"".join([chunk async for chunk in chunks])
            card = content.decode(errors="replace").replace("\r\n", "\n")
            await self._editor.push_card(uow, actor, managed.id, card)


def _sent_before(body: CommitBody) -> set[str]:
    """The content that a commit names without bringing it."""
    brought = {file.sha256 for file in body.staged}
    named = {o.sha256 for o in body.operations if isinstance(o, Addition)}
    return named - brought


def _is_there(operation: Addition, found: Mapping[str, Artifact]) -> bool:
    artifact = found.get(operation.sha256)
    if artifact is None:
        return False
    return operation.size_bytes is None or operation.size_bytes == artifact.size_bytes


def _check_scans(body: CommitBody, found: Mapping[str, Artifact]) -> None:
    bad = {
        operation.path: found[operation.sha256].scan.reasons
        for operation in body.operations
        if isinstance(operation, Addition) and found[operation.sha256].scan.state == "quarantined"
    }
    if bad:
        raise CommitQuarantined(bad)


def _parent_fits(parent: str | None, at: str | None) -> bool:
    """Whether the commit that a caller wants to build on is where the branch is."""
    if parent is None or (at is None and EMPTY_OID.startswith(parent.lower())):
        return True
    prefix = as_oid(parent.lower())
    return prefix is not None and at is not None and at.startswith(prefix)
