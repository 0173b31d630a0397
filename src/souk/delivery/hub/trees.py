"""Trees of revisions, kept in memory: what a revision holds never changes."""

from bisect import bisect_left
from collections import OrderedDict
from typing import Final

from souk.infra.postgres.uow import UnitOfWork
from souk.works.revisions.api import Revisions, TreeFile

MAX_FILES_KEPT: Final = 200_000
_AFTER_SLASH: Final = chr(ord("/") + 1)
"""No path below a folder sorts behind the folder's name with this."""


class Tree:
    """The files of a revision, in the order of their paths."""

    def __init__(self, files: list[TreeFile]) -> None:
        self.files = sorted(files, key=lambda file: file.path)
        self._paths = [file.path for file in self.files]
        self._by_path = {file.path: file for file in self.files}

    def get(self, path: str) -> TreeFile | None:
        """The file at a path."""
        return self._by_path.get(path)

    def below(self, folder: str) -> list[TreeFile]:
        """Every file below a folder; of the empty path, all."""
        if not folder:
            return list(self.files)
        first = bisect_left(self._paths, f"{folder}/")
        return self.files[first : bisect_left(self._paths, f"{folder}{_AFTER_SLASH}", first)]


EMPTY: Final = Tree([])


class TreeShelf:
    """Trees by revision; those not used for longest go. Who may see one is checked before."""

    def __init__(self, revisions: Revisions) -> None:
        self._revisions = revisions
        self._trees: OrderedDict[str, Tree] = OrderedDict()
        self._count = 0

    async def get(self, uow: UnitOfWork, revision_id: str | None) -> Tree:
        """The tree of a revision; an empty one for None."""
        if revision_id is None:
            return EMPTY
        known = self._trees.get(revision_id)
        if known is not None:
            self._trees.move_to_end(revision_id)
            return known
        tree = Tree(await self._revisions.files(uow, revision_id))
        if revision_id not in self._trees:
            self._trees[revision_id] = tree
            self._count += len(tree.files)
        while self._count > MAX_FILES_KEPT and len(self._trees) > 1:
            _, gone = self._trees.popitem(last=False)
            self._count -= len(gone.files)
        return tree
