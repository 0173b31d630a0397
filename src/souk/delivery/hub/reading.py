"""Reading repositories: their trees, names, history."""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from souk.delivery.hub.desk import Desk, Seen
from souk.delivery.hub.entries import Entries, folder_entry
from souk.delivery.hub.errors import EntryUnknown
from souk.delivery.hub.model import TAG_PREFIX, oid_of
from souk.delivery.hub.settings import HubSettings
from souk.delivery.hub.trees import Tree, TreeShelf
from souk.delivery.hub.wire import (
    CommitAuthor,
    CommitInfo,
    Entry,
    LastCommit,
    RefInfo,
    RefsInfo,
)
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.paging import Page, decode_cursor, encode_cursor
from souk.works.listings.api import Repositories
from souk.works.revisions.api import MAIN, Revision, Revisions, TreeFile

EXPANDED_PAGE: Final = 50
"""How many entries a page has that says of each when it last changed."""
HISTORY_LOOKED_AT: Final = 100
"""How far back the last change of a file is looked for."""
MAX_HISTORY: Final = 1000


class HubReader:
    """Answers what is in a repository."""

    def __init__(
        self,
        desk: Desk,
        repositories: Repositories,
        revisions: Revisions,
        *,
        trees: TreeShelf,
        entries: Entries,
        settings: HubSettings,
    ) -> None:
        self._desk = desk
        self._repositories = repositories
        self._revisions = revisions
        self._trees = trees
        self._entries = entries
        self._settings = settings

    async def tree(
        self,
        uow: UnitOfWork,
        seen: Seen,
        revision: str,
        *,
        folder: str,
        recursive: bool,
        expand: bool,
        cursor: str | None,
    ) -> Page[Entry]:
        """One page of what is in a folder, in the order of paths.

        Args:
            folder: empty for the top.
            recursive: with everything below, instead of what is directly in it.
            expand: with when each last changed and what the scan found.

        Raises:
            NotFound: `revision_not_found`, `entry_not_found` when there is no such folder.
        """
        at = await self._desk.at(uow, seen, revision)
        tree = await self._trees.get(uow, at.revision_id)
        below = tree.below(folder)
        if folder and not below:
            raise EntryUnknown(folder)
        after = decode_cursor(cursor, size=1)
        first = str(after[0]) if after else ""
        size = min(self._settings.tree_page, EXPANDED_PAGE if expand else 10_000)
        nodes = [node for node in _nodes(below, folder, recursive=recursive) if node[0] > first]
        page = nodes[:size]
        entries = await self._described(uow, page)
        if expand and at.revision_id is not None:
            entries = await self._expanded(uow, at.revision_id, entries, page)
        more = len(nodes) > size
        return Page(items=entries, next_cursor=encode_cursor([page[-1][0]]) if more else None)

    async def paths(
        self, uow: UnitOfWork, seen: Seen, revision: str, *, paths: Sequence[str], expand: bool
    ) -> list[Entry]:
        """What lies at these paths; those where nothing does are left out.

        Raises:
            NotFound: `revision_not_found`.
        """
        at = await self._desk.at(uow, seen, revision)
        tree = await self._trees.get(uow, at.revision_id)
        nodes: list[Node] = []
        for path in dict.fromkeys(path.strip("/") for path in paths):
            file = tree.get(path)
            below = [file] if file is not None else tree.below(path) if path else []
            if below:
                nodes.append((path, file, below))
        entries = await self._described(uow, nodes)
        return (
            await self._expanded(uow, at.revision_id, entries, nodes)
            if expand and at.revision_id is not None
            else entries
        )

    async def refs(self, uow: UnitOfWork, seen: Seen, *, pull_requests: bool) -> RefsInfo:
        """Branches, and versions and tags. Others than members see what was published."""
        tags = [
            RefInfo(
                name=version.version,
                ref=f"refs/tags/{version.version}",
                target_commit=oid_of(version.revision_id),
            )
            for version in await self._repositories.versions(uow, seen.id)
            if version.published or seen.member
        ]
        branches: list[RefInfo] = []
        if seen.member:
            for ref in await self._revisions.refs(uow, seen.id):
                name = ref.name.removeprefix(TAG_PREFIX)
                kind, found = ("heads", branches) if name == ref.name else ("tags", tags)
                found.append(
                    RefInfo(
                        name=name, ref=f"refs/{kind}/{name}", target_commit=oid_of(ref.revision_id)
                    )
                )
        else:
            at = await self._desk.find(uow, seen, MAIN)
            if at is not None:
                branches = [RefInfo(name=MAIN, ref=f"refs/heads/{MAIN}", target_commit=at.oid)]
        return RefsInfo(
            branches=branches,
            converts=[],
            tags=tags,
            pull_requests=[] if pull_requests else None,
        )

    async def commits(
        self, uow: UnitOfWork, seen: Seen, revision: str, *, page: int
    ) -> tuple[list[CommitInfo], bool]:
        """A page (from 0) of the history of a revision, newest first, and whether there are more.

        Raises:
            NotFound: `revision_not_found`.
        """
        at = await self._desk.at(uow, seen, revision)
        if at.revision_id is None:
            return [], False
        size = self._settings.commits_page
        line = await self._revisions.line(
            uow, at.revision_id, limit=min(MAX_HISTORY, (page + 1) * size + 1)
        )
        shown = line[page * size : (page + 1) * size]
        author = CommitAuthor(user=seen.repository.owner)
        return [_commit(one, author) for one in shown], len(line) > (page + 1) * size

    async def _described(self, uow: UnitOfWork, nodes: Sequence["Node"]) -> list[Entry]:
        files = await self._entries.entries(uow, [node[1] for node in nodes if node[1]])
        by_path = {entry.path: entry for entry in files}
        return [
            by_path[path] if file is not None else folder_entry(path, below)
            for path, file, below in nodes
        ]

    async def _expanded(
        self, uow: UnitOfWork, revision_id: str, entries: list[Entry], nodes: Sequence["Node"]
    ) -> list[Entry]:
        line = await self._revisions.line(uow, revision_id, limit=HISTORY_LOOKED_AT)
        trees = [await self._trees.get(uow, revision.id) for revision in line]
        files = [node[1] for node in nodes if node[1]]
        security = await self._entries.security(uow, files)
        # Many paths in many commits: beside the event loop, so that nobody else waits for it.
        commits = await asyncio.to_thread(_last_commits, line, trees, [node[0] for node in nodes])
        return [
            msgspec.structs.replace(
                entry,
                last_commit=commit,
                security_file_status=None if file is None else security.get(file.sha256),
            )
            for entry, commit, (_, file, _) in zip(entries, commits, nodes, strict=True)
        ]


Node = tuple[str, TreeFile | None, list[TreeFile]]
"""A path with its file, or (of a folder) None, and every file at or below it."""


def _nodes(files: Sequence[TreeFile], folder: str, *, recursive: bool) -> list[Node]:
    """What is in a folder, in the order of paths: folders too."""
    start = len(folder) + 1 if folder else 0
    found: dict[str, Node] = {}
    for file in files:
        parts = file.path[start:].split("/")
        depths = range(1, len(parts)) if recursive else range(1, min(2, len(parts)))
        for depth in depths:
            path = file.path[:start] + "/".join(parts[:depth])
            found.setdefault(path, (path, None, []))[2].append(file)
        if recursive or len(parts) == 1:
            found[file.path] = (file.path, file, [file])
    return [found[path] for path in sorted(found)]


def _last_commits(
    line: Sequence[Revision], trees: Sequence[Tree], paths: Sequence[str]
) -> list[LastCommit]:
    return [_last_commit(line, trees, path) for path in paths]


def _last_commit(line: Sequence[Revision], trees: Sequence[Tree], path: str) -> LastCommit:
    """The newest commit that changed what is at a path; the oldest looked at, when none did."""
    chosen = len(line) - 1
    for place in range(len(line) - 1):
        if _at(trees[place], path) != _at(trees[place + 1], path):
            chosen = place
            break
    commit = line[chosen]
    return LastCommit(id=oid_of(commit.id), title=title_of(commit), date=commit.created_at)


def _at(tree: Tree, path: str) -> list[TreeFile]:
    file = tree.get(path)
    return [file] if file is not None else tree.below(path)


def title_of(commit: Revision) -> str:
    """The first line of what was said about a commit."""
    return commit.message.partition("\n")[0] or "Commit"


def _commit(commit: Revision, author: CommitAuthor) -> CommitInfo:
    return CommitInfo(
        id=oid_of(commit.id),
        title=title_of(commit),
        message=commit.message.partition("\n")[2].strip(),
        authors=[author],
        date=commit.created_at,
    )
