"""The SQL of xorbs that nobody uses, and of bytes to be removed (system scope)."""

from datetime import datetime

from souk.infra.postgres.uow import UnitOfWork


async def forget_unused(uow: UnitOfWork, *, before: datetime, limit: int) -> int:
    """Forgets xorbs that no file is built on and nobody has asked for since; their bytes, where
    they have some of their own, are noted for removal."""
    count = await uow.value(
        """
        WITH gone AS (
            DELETE FROM xet.xorbs WHERE hash IN (
                SELECT x.hash FROM xet.xorbs x
                WHERE x.asked_at < %(before)s
                    AND NOT EXISTS (SELECT 1 FROM xet.terms t WHERE t.xorb = x.hash)
                ORDER BY x.asked_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
            ) RETURNING hash, source_sha256
        ), noted AS (
            INSERT INTO xet.removals (xorb, since)
            SELECT hash, %(now)s FROM gone WHERE source_sha256 IS NULL ON CONFLICT DO NOTHING
        )
        SELECT count(*) FROM gone
        """,
        before=before,
        limit=limit,
        now=uow.now,
    )
    return int(count)


async def to_be_removed(uow: UnitOfWork, xorb: str) -> None:
    """Notes that a xorb's bytes are to be removed, unless `removed` takes it back in time."""
    await uow.execute(
        """
        INSERT INTO xet.removals (xorb, since) VALUES (%(xorb)s, %(now)s)
        ON CONFLICT (xorb) DO UPDATE SET since = excluded.since
        """,
        xorb=xorb,
        now=uow.now,
    )


async def to_remove(uow: UnitOfWork, *, before: datetime, limit: int) -> list[str]:
    """Xorbs whose bytes are to be removed since before then, longest waiting first."""
    return await uow.values(
        """
        SELECT xorb FROM xet.removals WHERE since <= %(before)s ORDER BY since, xorb
        LIMIT %(limit)s
        """,
        before=before,
        limit=limit,
    )


async def removed(uow: UnitOfWork, xorb: str) -> None:
    """Notes that nothing is left to remove of a xorb."""
    await uow.execute("DELETE FROM xet.removals WHERE xorb = %(xorb)s", xorb=xorb)


async def lock_xorb(uow: UnitOfWork, xorb: str) -> None:
    """Until this transaction ends, nobody else stores or removes this xorb's bytes."""
    await uow.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('xet.xorb:' || %(xorb)s, 0))", xorb=xorb
    )
