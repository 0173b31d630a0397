"""The SQL of blocks and trees (system scope)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from souk.infra.postgres.uow import UnitOfWork


class BlockRow(msgspec.Struct, frozen=True, kw_only=True):
    """Where the bytes of a block are: `head`, a range of an artifact, `tail`."""

    digest: bytes
    sha256: str
    """The artifact; empty for a directory's node, which is all head."""
    start_byte: int = 0
    range_bytes: int = 0
    head: bytes = b""
    tail: bytes = b""

    @property
    def whole_bytes(self) -> int:
        """How long the block is."""
        return len(self.head) + self.range_bytes + len(self.tail)

    @property
    def end_byte(self) -> int:
        return self.start_byte + self.range_bytes

    @property
    def is_node(self) -> bool:
        """Whether it was made as a node of a tree: bytes of a file that look like one are none,
        and nothing they link to comes with them."""
        return bool(self.head or self.tail)


class FileRow(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact whose tree is known."""

    sha256: str
    root: bytes
    dag_bytes: int


class TreeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A published version, or what an organisation brought in, as a tree."""

    id: str
    kind: Literal["version", "import"]
    organisation_id: str
    listing_id: str | None
    root: bytes
    size_bytes: int


class NewTree(msgspec.Struct, frozen=True, kw_only=True):
    """A tree to be written, with its directories' blocks by digest and its files."""

    row: TreeRow
    directories: dict[bytes, bytes]
    sha256s: Sequence[str]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a block is: of a listing, or of an organisation that brought it in."""

    listing_id: str | None
    organisation_id: str
    is_root: bool
    """Whether it is the root of a version or of a file: names that a public listing shows."""


class WaitingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A published version whose tree shall be made."""

    version_id: str
    listing_id: str
    organisation_id: str
    revision_id: str
    attempts: int


async def blocks(uow: UnitOfWork, digests: Collection[bytes]) -> list[BlockRow]:
    """Where these blocks are; one that several artifacts have is there several times."""
    return await uow.all(
        BlockRow,
        """
        SELECT digest, sha256, start_byte, range_bytes, head, tail FROM ipfs.blocks
        WHERE digest = ANY(%(digests)s)
        UNION ALL
        SELECT digest, '', 0, 0, block, ''::bytea FROM ipfs.directories
        WHERE digest = ANY(%(digests)s)
        """,
        digests=list(digests),
    )


async def places(
    uow: UnitOfWork, digest: bytes, root: bytes, *, as_node: bool, limit: int
) -> list[Place]:
    """Whose a block is, each listing and organisation once.

    Args:
        as_node: only of those that have it as a node of a tree, not as bytes of a file.
    """
    return await uow.all(
        Place,
        """
        SELECT listing_id, organisation_id, bool_or(is_root) AS is_root FROM (
            SELECT t.listing_id, t.organisation_id, t.root = %(root)s AS is_root
            FROM ipfs.tree_directories d JOIN ipfs.trees t ON t.id = d.tree_id
            WHERE d.digest = %(digest)s
            UNION ALL
            SELECT t.listing_id, t.organisation_id,
                t.root = %(root)s OR coalesce(f.root = %(root)s, false)
            FROM ipfs.blocks b
            JOIN ipfs.tree_files c ON c.sha256 = b.sha256
            JOIN ipfs.trees t ON t.id = c.tree_id
            LEFT JOIN ipfs.files f ON f.sha256 = b.sha256
            WHERE b.digest = %(digest)s
                AND (NOT %(as_node)s OR octet_length(b.head) + octet_length(b.tail) > 0)
        ) found
        GROUP BY listing_id, organisation_id LIMIT %(limit)s
        """,
        digest=digest,
        root=root,
        as_node=as_node,
        limit=limit,
    )


async def artifacts_of(uow: UnitOfWork, digest: bytes, *, as_node: bool) -> list[str]:
    """The artifacts that have this block; with `as_node` as in `places`."""
    return await uow.values(
        """
        SELECT sha256 FROM ipfs.blocks
        WHERE digest = %(digest)s
            AND (NOT %(as_node)s OR octet_length(head) + octet_length(tail) > 0)
        LIMIT 1000
        """,
        digest=digest,
        as_node=as_node,
    )


async def files(uow: UnitOfWork, sha256s: Collection[str]) -> dict[str, FileRow]:
    """Those of these artifacts whose tree is known."""
    rows = await uow.all(
        FileRow,
        "SELECT sha256, root, dag_bytes FROM ipfs.files WHERE sha256 = ANY(%(sha256s)s)",
        sha256s=list(sha256s),
    )
    return {row.sha256: row for row in rows}


async def tree(uow: UnitOfWork, tree_id: str) -> TreeRow | None:
    """A tree by its id: of a version, that of the version."""
    return await uow.one_or_none(
        TreeRow,
        """
        SELECT id, kind, organisation_id, listing_id, root, size_bytes FROM ipfs.trees
        WHERE id = %(id)s
        """,
        id=tree_id,
    )


async def add_blocks(uow: UnitOfWork, rows: Sequence[BlockRow]) -> None:
    """Notes where blocks of files are."""
    await uow.execute(
        """
        INSERT INTO ipfs.blocks (digest, sha256, start_byte, range_bytes, head, tail)
        SELECT * FROM unnest(%(digests)s::bytea[], %(sha256s)s::text[], %(starts)s::bigint[],
            %(lengths)s::integer[], %(heads)s::bytea[], %(tails)s::bytea[])
        ON CONFLICT (digest, sha256) DO NOTHING
        """,
        digests=[row.digest for row in rows],
        sha256s=[row.sha256 for row in rows],
        starts=[row.start_byte for row in rows],
        lengths=[row.range_bytes for row in rows],
        heads=[row.head for row in rows],
        tails=[row.tail for row in rows],
    )


async def add_files(uow: UnitOfWork, rows: Sequence[FileRow]) -> None:
    """Notes that the trees of these artifacts are known."""
    await uow.execute(
        """
        INSERT INTO ipfs.files (sha256, root, dag_bytes, indexed_at)
        SELECT n.*, %(now)s
        FROM unnest(%(sha256s)s::text[], %(roots)s::bytea[], %(sizes)s::bigint[]) AS n
        ON CONFLICT (sha256) DO NOTHING
        """,
        now=uow.now,
        sha256s=[row.sha256 for row in rows],
        roots=[row.root for row in rows],
        sizes=[row.dag_bytes for row in rows],
    )


async def add_trees(uow: UnitOfWork, trees: Sequence[NewTree]) -> None:
    """Writes trees with their directories; one that is there already stays."""
    blocks_by_digest = {d: block for new in trees for d, block in new.directories.items()}
    await uow.execute(
        """
        INSERT INTO ipfs.directories (digest, block)
        SELECT * FROM unnest(%(digests)s::bytea[], %(blocks)s::bytea[]) ON CONFLICT DO NOTHING
        """,
        digests=list(blocks_by_digest),
        blocks=list(blocks_by_digest.values()),
    )
    await uow.execute(
        """
        INSERT INTO ipfs.trees (id, kind, organisation_id, listing_id, root, size_bytes, made_at)
        SELECT n.*, %(now)s
        FROM unnest(%(ids)s::text[], %(kinds)s::text[], %(organisation_ids)s::text[],
            %(listing_ids)s::text[], %(roots)s::bytea[], %(sizes)s::bigint[]) AS n
        ON CONFLICT (id) DO NOTHING
        """,
        now=uow.now,
        ids=[new.row.id for new in trees],
        kinds=[new.row.kind for new in trees],
        organisation_ids=[new.row.organisation_id for new in trees],
        listing_ids=[new.row.listing_id for new in trees],
        roots=[new.row.root for new in trees],
        sizes=[new.row.size_bytes for new in trees],
    )
    folders = [(new.row.id, digest) for new in trees for digest in new.directories]
    await uow.execute(
        """
        INSERT INTO ipfs.tree_directories (tree_id, digest)
        SELECT * FROM unnest(%(ids)s::text[], %(digests)s::bytea[]) ON CONFLICT DO NOTHING
        """,
        ids=[tree_id for tree_id, _ in folders],
        digests=[digest for _, digest in folders],
    )
    contents = [(new.row.id, sha256) for new in trees for sha256 in {*new.sha256s}]
    await uow.execute(
        """
        INSERT INTO ipfs.tree_files (tree_id, sha256)
        SELECT * FROM unnest(%(ids)s::text[], %(sha256s)s::text[]) ON CONFLICT DO NOTHING
        """,
        ids=[tree_id for tree_id, _ in contents],
        sha256s=[sha256 for _, sha256 in contents],
    )


async def await_tree(uow: UnitOfWork, versions: Sequence[WaitingRow]) -> None:
    """Notes that the trees of these versions shall be made."""
    await uow.execute(
        """
        INSERT INTO ipfs.waiting (version_id, listing_id, organisation_id, revision_id, due_at)
        SELECT n.*, %(now)s
        FROM unnest(%(ids)s::text[], %(listing_ids)s::text[], %(organisation_ids)s::text[],
            %(revision_ids)s::text[]) AS n
        ON CONFLICT (version_id) DO NOTHING
        """,
        now=uow.now,
        ids=[row.version_id for row in versions],
        listing_ids=[row.listing_id for row in versions],
        organisation_ids=[row.organisation_id for row in versions],
        revision_ids=[row.revision_id for row in versions],
    )


async def claim(uow: UnitOfWork, *, until: datetime, limit: int) -> list[WaitingRow]:
    """Takes versions that are due; nobody else gets them before `until`."""
    return await uow.all(
        WaitingRow,
        """
        UPDATE ipfs.waiting SET due_at = %(until)s, attempts = attempts + 1
        WHERE version_id IN (
            SELECT version_id FROM ipfs.waiting WHERE due_at <= %(now)s
            ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        )
        RETURNING version_id, listing_id, organisation_id, revision_id, attempts
        """,
        now=uow.now,
        until=until,
        limit=limit,
    )


async def put_off(uow: UnitOfWork, version_id: str, *, until: datetime) -> None:
    """Tries a version again later."""
    await uow.execute(
        "UPDATE ipfs.waiting SET due_at = %(until)s WHERE version_id = %(id)s",
        id=version_id,
        until=until,
    )


async def done(uow: UnitOfWork, version_ids: Collection[str]) -> None:
    """These versions have their trees."""
    await uow.execute(
        "DELETE FROM ipfs.waiting WHERE version_id = ANY(%(ids)s)", ids=list(version_ids)
    )
