"""What others may ask of revisions. A *work* is what owns a line of revisions (a listing)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork

MAIN: Final = "main"
"""The ref that commits advance."""


class TreeFile(msgspec.Struct, frozen=True, kw_only=True):
    """A path of a tree, and the artifact it holds."""

    path: str
    sha256: str
    size_bytes: int


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """An immutable tree with its parents; the id is a hash over both, 64 hex digits."""

    id: str
    work_id: str
    parents: list[str]
    message: str
    author_id: str | None
    file_count: int
    size_bytes: int
    created_at: datetime


class Ref(msgspec.Struct, frozen=True, kw_only=True):
    """A name that points to a revision: `main`, a branch, or a tag (`tags/…`)."""

    name: str
    revision_id: str


class FirstCommit(msgspec.Struct, frozen=True, kw_only=True):
    """The first tree of a work, on `main`."""

    work_id: str
    organisation_id: str
    files: Sequence[TreeFile]
    author_id: str | None
    message: str = ""


class Revisions(Protocol):
    """Trees, refs and their history."""

    def check(self, files: Sequence[TreeFile]) -> list[TreeFile]:
        """The files in the order of their paths, when they can be a tree.

        Raises:
            Invalid: `path_invalid` names each path that is not safe or is there twice;
                `tree_invalid` when there are none, or too many.
        """
        ...

    async def commit(
        self,
        uow: UnitOfWork,
        work_id: str,
        *,
        organisation_id: str,
        files: Sequence[TreeFile],
        author_id: str | None,
        message: str = "",
        ref: str = MAIN,
        expected_parent: str | None = None,
    ) -> Revision:
        """Makes a revision on top of the ref and advances it; the same tree again makes none.

        Args:
            expected_parent: when given, the ref must still be there.

        Raises:
            Invalid: `path_invalid` names each path that is not safe or is there twice.
            Conflict: `revision_moved` when the ref is elsewhere than expected.
        """
        ...

    async def commit_first(self, uow: UnitOfWork, commits: Sequence[FirstCommit]) -> list[Revision]:
        """Makes the first revisions of many new works at once, in the same order.

        Raises:
            Invalid: `path_invalid`, `tree_invalid`.
        """
        ...

    async def get(self, uow: UnitOfWork, revision_id: str) -> Revision:
        """Raises NotFound `revision_unknown`."""
        ...

    async def head(self, uow: UnitOfWork, work_id: str, *, ref: str = MAIN) -> Revision | None:
        """Where a ref points; None before the first commit."""
        ...

    async def files(self, uow: UnitOfWork, revision_id: str) -> list[TreeFile]:
        """The tree of a revision, in the order of its paths."""
        ...

    async def trees(
        self, uow: UnitOfWork, revision_ids: Collection[str]
    ) -> dict[str, list[TreeFile]]:
        """The trees of several revisions by id; those not to be seen are left out."""
        ...

    async def history(
        self, uow: UnitOfWork, work_id: str, *, ref: str = MAIN, limit: int = 100
    ) -> list[Revision]:
        """From where the ref points back through first parents."""
        ...

    async def line(self, uow: UnitOfWork, revision_id: str, *, limit: int = 100) -> list[Revision]:
        """From a revision back through first parents, itself first; as far as it may be seen."""
        ...

    async def find(self, uow: UnitOfWork, work_id: str, *, prefix: str) -> Revision | None:
        """The one revision of a work whose id begins so; None when there is none, or several.

        Args:
            prefix: lower-case hex digits, at least 7.
        """
        ...

    async def refs(self, uow: UnitOfWork, work_id: str) -> list[Ref]:
        """Every ref of a work of this scope, by name."""
        ...

    async def add_ref(
        self, uow: UnitOfWork, revision: Revision, *, name: str, organisation_id: str
    ) -> bool:
        """Makes a new ref that points to a revision of its work; False when the name is taken."""
        ...

    async def drop_ref(self, uow: UnitOfWork, work_id: str, *, name: str) -> bool:
        """Removes a ref other than `main`, not what it points to; False when there is none."""
        ...

    async def make_public(self, uow: UnitOfWork, revision_ids: Sequence[str]) -> None:
        """Lets everybody see these revisions and their trees: published versions name them."""
        ...
