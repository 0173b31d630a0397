"""The SQL of the hub."""

from collections.abc import Collection, Mapping

from souk.infra.postgres.uow import UnitOfWork


async def blob_ids(uow: UnitOfWork, sha256s: Collection[str]) -> dict[str, str]:
    """What git calls these contents, by sha256; those that never came inside a commit are not
    known."""
    rows = await uow.dicts(
        "SELECT sha256, git_sha1 FROM hub.blob_ids WHERE sha256 = ANY(%(sha256s)s)",
        sha256s=list(sha256s),
    )
    return {row["sha256"]: row["git_sha1"] for row in rows}


async def note_blob_ids(uow: UnitOfWork, ids: Mapping[str, str]) -> None:
    """Keeps what git calls these contents."""
    await uow.execute(
        """
        INSERT INTO hub.blob_ids (sha256, git_sha1)
        SELECT n.sha256, n.git_sha1
        FROM unnest(%(sha256s)s::text[], %(ids)s::text[]) AS n(sha256, git_sha1)
        ORDER BY n.sha256 ON CONFLICT DO NOTHING
        """,
        sha256s=list(ids),
        ids=list(ids.values()),
    )
