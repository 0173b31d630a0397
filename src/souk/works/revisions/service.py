"""Revisions: committing trees, moving refs, reading history."""

from collections.abc import Collection, Sequence

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import Conflict, NotFound
from souk.works.revisions import store
from souk.works.revisions.api import MAIN, FirstCommit, Ref, Revision, TreeFile
from souk.works.revisions.model import check_tree, revision_id, tree_hash


class RevisionService:
    """Implements `revisions.api.Revisions`."""

    def check(self, files: Sequence[TreeFile]) -> list[TreeFile]:
        return check_tree(files)

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
        tree = check_tree(files)
        first = FirstCommit(
            work_id=work_id,
            organisation_id=organisation_id,
            files=tree,
            author_id=author_id,
            message=message,
        )
        while True:
            head = await store.lock_head(uow, work_id, ref=ref)
            at = None if head is None else head.revision_id
            if expected_parent is not None and expected_parent != at:
                raise Conflict(
                    "revision_moved",
                    f"{ref} has moved on since; read it again and commit on top of it.",
                    head=at,
                )
            if head is not None and head.tree_hash == tree_hash(tree):
                return await self.get(uow, head.revision_id)
            new = _new(uow, first, parents=[] if at is None else [at])
            await store.add(uow, [new])
            if at is not None:
                await store.move_ref(uow, work_id, ref=ref, revision_id=new.id)
                return new.to_revision()
            if await store.start_refs(uow, [new], ref=ref):
                return new.to_revision()

    async def commit_first(self, uow: UnitOfWork, commits: Sequence[FirstCommit]) -> list[Revision]:
        new = [_new(uow, commit, parents=[]) for commit in commits]
        await store.add(uow, new)
        await store.start_refs(uow, new, ref=MAIN)
        return [revision.to_revision() for revision in new]

    async def get(self, uow: UnitOfWork, revision_id: str) -> Revision:
        found = await store.find(uow, revision_id)
        if found is None:
            raise _unknown()
        return found

    async def head(self, uow: UnitOfWork, work_id: str, *, ref: str = MAIN) -> Revision | None:
        return await store.head(uow, work_id, ref=ref)

    async def files(self, uow: UnitOfWork, revision_id: str) -> list[TreeFile]:
        found = await store.trees(uow, [revision_id])
        if revision_id not in found:
            raise _unknown()
        return found[revision_id]

    async def trees(
        self, uow: UnitOfWork, revision_ids: Collection[str]
    ) -> dict[str, list[TreeFile]]:
        return await store.trees(uow, revision_ids)

    async def history(
        self, uow: UnitOfWork, work_id: str, *, ref: str = MAIN, limit: int = 100
    ) -> list[Revision]:
        return await store.history(uow, work_id, ref=ref, limit=limit)

    async def line(self, uow: UnitOfWork, revision_id: str, *, limit: int = 100) -> list[Revision]:
        return await store.line(uow, revision_id, limit=limit)

    async def find(self, uow: UnitOfWork, work_id: str, *, prefix: str) -> Revision | None:
        found = await store.find_by_prefix(uow, work_id, prefix=prefix)
        return found[0] if len(found) == 1 else None

    async def refs(self, uow: UnitOfWork, work_id: str) -> list[Ref]:
        return await store.refs(uow, work_id)

    async def add_ref(
        self, uow: UnitOfWork, revision: Revision, *, name: str, organisation_id: str
    ) -> bool:
        return await store.add_ref(uow, revision, name=name, organisation_id=organisation_id)

    async def drop_ref(self, uow: UnitOfWork, work_id: str, *, name: str) -> bool:
        return name != MAIN and await store.drop_ref(uow, work_id, name=name)

    async def make_public(self, uow: UnitOfWork, revision_ids: Sequence[str]) -> None:
        await store.make_public(uow, revision_ids)


def _new(uow: UnitOfWork, commit: FirstCommit, *, parents: list[str]) -> store.NewRevision:
    tree = check_tree(commit.files)
    hashed = tree_hash(tree)
    return store.NewRevision(
        id=revision_id(commit.work_id, tree=hashed, parents=parents),
        work_id=commit.work_id,
        organisation_id=commit.organisation_id,
        parents=parents,
        files=tree,
        tree_hash=hashed,
        message=commit.message,
        author_id=commit.author_id,
        created_at=uow.now,
    )


def _unknown() -> NotFound:
    return NotFound("revision_unknown", "There is no such revision, or it is not public.")
