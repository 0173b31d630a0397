"""Commits advance `main`; what was committed never changes."""

import asyncio
import itertools
from dataclasses import dataclass, field

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import scope_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, NotFound
from souk.works.revisions.api import Revision, TreeFile
from souk.works.revisions.service import RevisionService
from tests.works.conftest import make_actor

pytestmark = pytest.mark.database
_numbers = itertools.count()


@dataclass(slots=True)
class Work:
    """A line of revisions of its own."""

    seller: Actor
    id: str = field(default_factory=lambda: f"lst_{next(_numbers)}")
    service: RevisionService = field(default_factory=RevisionService)

    async def commit(
        self, uow: UnitOfWork, tree: dict[str, int], *, expected_parent: str | None = None
    ) -> Revision:
        return await self.service.commit(
            uow,
            self.id,
            organisation_id=str(self.seller.organisation_id),
            files=files_of(tree),
            author_id=self.seller.user_id,
            expected_parent=expected_parent,
        )


def files_of(tree: dict[str, int]) -> list[TreeFile]:
    return [
        TreeFile(path=path, sha256=f"{content:064x}", size_bytes=content)
        for path, content in tree.items()
    ]


@pytest.fixture
def work(seller: Actor) -> Work:
    return Work(seller)


TREES = st.dictionaries(
    st.sampled_from(["a", "b", "dir/c", "dir/d"]), st.integers(0, 3), min_size=1
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(trees=st.lists(TREES, min_size=1, max_size=8))
async def test_history_is_what_was_committed(database: Database, trees: list[dict]) -> None:
    seller = make_actor("seller")
    work = Work(seller)
    changed = [tree for index, tree in enumerate(trees) if index == 0 or trees[index - 1] != tree]
    async with database.transaction(scope_of(seller)) as uow:
        made = [await work.commit(uow, tree) for tree in trees]
        head = await work.service.head(uow, work.id)
        history = await work.service.history(uow, work.id)
        committed = [await work.service.files(uow, revision.id) for revision in history]

    assert head == made[-1]
    assert [revision.id for revision in history] == list(dict.fromkeys(r.id for r in made))[::-1]
    assert committed == [sorted(files_of(tree), key=lambda f: f.path) for tree in changed[::-1]]
    assert [revision.parents for revision in history] == [
        *([revision.id] for revision in history[1:]),
        [],
    ]


async def test_the_same_tree_again_is_no_new_revision(database: Database, work: Work) -> None:
    async with database.transaction(scope_of(work.seller)) as uow:
        first = await work.commit(uow, {"a": 1})
        assert await work.commit(uow, {"a": 1}) == first


async def test_going_back_to_an_old_tree_is_a_new_revision(database: Database, work: Work) -> None:
    async with database.transaction(scope_of(work.seller)) as uow:
        first = await work.commit(uow, {"a": 1})
        await work.commit(uow, {"a": 2})
        third = await work.commit(uow, {"a": 1})
    assert third.id != first.id


async def test_whoever_expects_another_parent_is_told(database: Database, work: Work) -> None:
    async with database.transaction(scope_of(work.seller)) as uow:
        first = await work.commit(uow, {"a": 1})
        second = await work.commit(uow, {"a": 2}, expected_parent=first.id)
        with pytest.raises(Conflict) as caught:
            await work.commit(uow, {"a": 3}, expected_parent=first.id)
    assert caught.value.code == "revision_moved"
    assert caught.value.extra["head"] == second.id


async def test_commits_at_the_same_time_stand_in_one_line(database: Database, work: Work) -> None:
    async def commit(number: int) -> Revision:
        async with database.transaction(scope_of(work.seller)) as uow:
            return await work.commit(uow, {"a": number})

    made = await asyncio.gather(*(commit(number) for number in range(8)))
    async with database.transaction(scope_of(work.seller)) as uow:
        history = await work.service.history(uow, work.id)
    assert {revision.id for revision in history} == {revision.id for revision in made}
    assert len(history) == 8


async def test_a_stored_tree_cannot_be_changed(database: Database, work: Work) -> None:
    async with database.transaction(scope_of(work.seller)) as uow:
        first = await work.commit(uow, {"a": 1})
    for change in (
        "UPDATE works.revisions SET files = '[]' WHERE id = %(id)s",
        "DELETE FROM works.revisions WHERE id = %(id)s",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with database.transaction(scope_of(work.seller)) as uow:
                await uow.execute(change, id=first.id)


async def test_others_see_a_revision_only_when_it_is_public(
    database: Database, work: Work, stranger: Actor
) -> None:
    async with database.transaction(scope_of(work.seller)) as uow:
        first = await work.commit(uow, {"a": 1})
    async with database.transaction(scope_of(stranger)) as uow:
        with pytest.raises(NotFound):
            await work.service.files(uow, first.id)
        await work.service.make_public(uow, [first.id])
        with pytest.raises(NotFound):
            await work.service.get(uow, first.id)
    async with database.transaction(scope_of(work.seller)) as uow:
        await work.service.make_public(uow, [first.id])
    async with database.transaction(scope_of(stranger)) as uow:
        assert await work.service.files(uow, first.id) == files_of({"a": 1})


async def test_branches_and_tags_come_and_go_and_main_stays(database: Database, work: Work) -> None:
    owner = str(work.seller.organisation_id)
    async with database.transaction(scope_of(work.seller)) as uow:
        first = await work.commit(uow, {"a": 1})
        second = await work.commit(uow, {"a": 2})
        assert await work.service.add_ref(uow, first, name="tags/old", organisation_id=owner)
        assert not await work.service.add_ref(uow, second, name="tags/old", organisation_id=owner)
        refs = {ref.name: ref.revision_id for ref in await work.service.refs(uow, work.id)}
        assert refs == {"main": second.id, "tags/old": first.id}
        assert not await work.service.drop_ref(uow, work.id, name="main")
        assert await work.service.drop_ref(uow, work.id, name="tags/old")
        assert not await work.service.drop_ref(uow, work.id, name="tags/old")


async def test_a_revision_is_found_by_the_beginning_of_its_id(
    database: Database, work: Work
) -> None:
    async with database.transaction(scope_of(work.seller)) as uow:
        first = await work.commit(uow, {"a": 1})
        second = await work.commit(uow, {"a": 2})
        for length in (7, 40, 64):
            found = await work.service.find(uow, work.id, prefix=first.id[:length])
            assert found is not None and found.id == first.id
        assert await work.service.find(uow, "lst_other", prefix=first.id) is None
        assert await work.service.find(uow, work.id, prefix="") is None, "there are two"
        line = await work.service.line(uow, second.id)
        assert [revision.id for revision in line] == [second.id, first.id]
        assert len(await work.service.line(uow, second.id, limit=1)) == 1
