"""The SQL of revisions and refs."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork, json_value
from souk.works.revisions.api import Ref, Revision, TreeFile

_COLUMNS = (
    "r.id, r.work_id, r.parents, r.message, r.author_id, r.file_count, r.size_bytes, r.created_at"
)


class NewRevision(msgspec.Struct, frozen=True, kw_only=True):
    """A revision to be written."""

    id: str
    work_id: str
    organisation_id: str
    parents: list[str]
    files: list[TreeFile]
    tree_hash: str
    message: str
    author_id: str | None
    created_at: datetime

    def to_revision(self) -> Revision:
        """As the api gives it."""
        return Revision(
            id=self.id,
            work_id=self.work_id,
            parents=self.parents,
            message=self.message,
            author_id=self.author_id,
            file_count=len(self.files),
            size_bytes=sum(file.size_bytes for file in self.files),
            created_at=self.created_at,
        )


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """Where a ref points, and which tree that is."""

    revision_id: str
    tree_hash: str


async def add(uow: UnitOfWork, revisions: Sequence[NewRevision]) -> None:
    """Writes revisions; one that is there already stays as it is."""
    await uow.execute(
        """
        INSERT INTO works.revisions (id, work_id, organisation_id, parents, files, tree_hash,
            file_count, size_bytes, message, author_id, created_at)
        SELECT n.id, n.work_id, n.organisation_id,
            ARRAY(SELECT jsonb_array_elements_text(n.parents)), n.files, n.tree_hash,
            n.file_count, n.size_bytes, n.message, n.author_id, %(now)s
        FROM unnest(%(ids)s::text[], %(work_ids)s::text[], %(organisation_ids)s::text[],
            %(parents)s::jsonb[], %(files)s::jsonb[], %(tree_hashes)s::text[],
            %(file_counts)s::integer[], %(sizes)s::bigint[], %(messages)s::text[],
            %(author_ids)s::text[])
            AS n(id, work_id, organisation_id, parents, files, tree_hash, file_count, size_bytes,
                message, author_id)
        ON CONFLICT (id) DO NOTHING
        """,
        now=uow.now,
        ids=[new.id for new in revisions],
        work_ids=[new.work_id for new in revisions],
        organisation_ids=[new.organisation_id for new in revisions],
        parents=[json_value(new.parents) for new in revisions],
        files=[
            json_value([[file.path, file.sha256, file.size_bytes] for file in new.files])
            for new in revisions
        ],
        tree_hashes=[new.tree_hash for new in revisions],
        file_counts=[len(new.files) for new in revisions],
        sizes=[sum(file.size_bytes for file in new.files) for new in revisions],
        messages=[new.message for new in revisions],
        author_ids=[new.author_id for new in revisions],
    )


async def find(uow: UnitOfWork, revision_id: str) -> Revision | None:
    """A revision of this scope."""
    return await uow.one_or_none(
        Revision, f"SELECT {_COLUMNS} FROM works.revisions r WHERE r.id = %(id)s", id=revision_id
    )


async def trees(uow: UnitOfWork, revision_ids: Collection[str]) -> dict[str, list[TreeFile]]:
    """The trees of revisions that this scope sees, by id."""
    rows = await uow.dicts(
        "SELECT id, files FROM works.revisions WHERE id = ANY(%(ids)s)", ids=list(revision_ids)
    )
    return {row["id"]: _tree_of(row["files"]) for row in rows}


def _tree_of(stored: Sequence[Sequence[str | int]]) -> list[TreeFile]:
    """A tree from its stored form."""
    return [
        TreeFile(path=str(path), sha256=str(sha256), size_bytes=int(size))
        for path, sha256, size in stored
    ]


async def lock_head(uow: UnitOfWork, work_id: str, *, ref: str) -> Head | None:
    """Where a ref points; nobody else moves it until this transaction ends."""
    return await uow.one_or_none(
        Head,
        """
        SELECT f.revision_id, r.tree_hash
        FROM works.refs f JOIN works.revisions r ON r.id = f.revision_id
        WHERE f.work_id = %(work_id)s AND f.name = %(ref)s FOR UPDATE OF f
        """,
        work_id=work_id,
        ref=ref,
    )


async def start_refs(uow: UnitOfWork, revisions: Sequence[NewRevision], *, ref: str) -> int:
    """Makes a ref for each work that has none; answers how many it made."""
    return await uow.execute(
        """
        INSERT INTO works.refs (work_id, name, organisation_id, revision_id, updated_at)
        SELECT n.work_id, %(ref)s, n.organisation_id, n.id, %(now)s
        FROM unnest(%(work_ids)s::text[], %(organisation_ids)s::text[], %(ids)s::text[])
            AS n(work_id, organisation_id, id)
        ON CONFLICT (work_id, name) DO NOTHING
        """,
        ref=ref,
        now=uow.now,
        work_ids=[new.work_id for new in revisions],
        organisation_ids=[new.organisation_id for new in revisions],
        ids=[new.id for new in revisions],
    )


async def move_ref(uow: UnitOfWork, work_id: str, *, ref: str, revision_id: str) -> None:
    """Points a locked ref elsewhere."""
    await uow.execute(
        """
        UPDATE works.refs SET revision_id = %(revision_id)s, updated_at = %(now)s
        WHERE work_id = %(work_id)s AND name = %(ref)s
        """,
        work_id=work_id,
        ref=ref,
        revision_id=revision_id,
        now=uow.now,
    )


async def head(uow: UnitOfWork, work_id: str, *, ref: str) -> Revision | None:
    """The revision a ref points to."""
    return await uow.one_or_none(
        Revision,
        f"""
        SELECT {_COLUMNS} FROM works.refs f JOIN works.revisions r ON r.id = f.revision_id
        WHERE f.work_id = %(work_id)s AND f.name = %(ref)s
        """,
        work_id=work_id,
        ref=ref,
    )


async def history(uow: UnitOfWork, work_id: str, *, ref: str, limit: int) -> list[Revision]:
    """First parents back from where a ref points."""
    start = await uow.value(
        "SELECT revision_id FROM works.refs WHERE work_id = %(work_id)s AND name = %(ref)s",
        work_id=work_id,
        ref=ref,
    )
    return [] if start is None else await line(uow, start, limit=limit)


async def line(uow: UnitOfWork, revision_id: str, *, limit: int) -> list[Revision]:
    """First parents back from a revision."""
    return await uow.all(
        Revision,
        f"""
        WITH RECURSIVE line(id, depth) AS (
            SELECT %(id)s::text, 1
          UNION ALL
            SELECT r.parents[1], line.depth + 1
            FROM line JOIN works.revisions r ON r.id = line.id
            WHERE cardinality(r.parents) > 0 AND line.depth < %(limit)s
        )
        SELECT {_COLUMNS} FROM line JOIN works.revisions r ON r.id = line.id ORDER BY line.depth
        """,
        id=revision_id,
        limit=limit,
    )


async def find_by_prefix(uow: UnitOfWork, work_id: str, *, prefix: str) -> list[Revision]:
    """At most two revisions of a work whose ids begin so."""
    return await uow.all(
        Revision,
        f"""
        SELECT {_COLUMNS} FROM works.revisions r
        WHERE r.work_id = %(work_id)s AND starts_with(r.id, %(prefix)s) LIMIT 2
        """,
        work_id=work_id,
        prefix=prefix,
    )


async def refs(uow: UnitOfWork, work_id: str) -> list[Ref]:
    """Every ref of a work of this scope."""
    return await uow.all(
        Ref,
        """
        SELECT name, revision_id FROM works.refs WHERE work_id = %(work_id)s ORDER BY name
        """,
        work_id=work_id,
    )


async def add_ref(uow: UnitOfWork, revision: Revision, *, name: str, organisation_id: str) -> bool:
    """A new ref; False when the name is taken."""
    added = await uow.execute(
        """
        INSERT INTO works.refs (work_id, name, organisation_id, revision_id, updated_at)
        VALUES (%(work_id)s, %(name)s, %(organisation_id)s, %(revision_id)s, %(now)s)
        ON CONFLICT (work_id, name) DO NOTHING
        """,
        work_id=revision.work_id,
        name=name,
        organisation_id=organisation_id,
        revision_id=revision.id,
        now=uow.now,
    )
    return added == 1


async def drop_ref(uow: UnitOfWork, work_id: str, *, name: str) -> bool:
    """Removes a ref; False when there is none."""
    dropped = await uow.execute(
        "DELETE FROM works.refs WHERE work_id = %(work_id)s AND name = %(name)s",
        work_id=work_id,
        name=name,
    )
    return dropped == 1


async def make_public(uow: UnitOfWork, revision_ids: Sequence[str]) -> None:
    """Lets everybody see these revisions."""
    await uow.execute(
        "UPDATE works.revisions SET is_public = true WHERE id = ANY(%(ids)s) AND NOT is_public",
        ids=list(revision_ids),
    )
