"""The SQL of xorbs and files. Everything here runs in the system's scope, except `hashes_of`."""

from collections.abc import Collection, Sequence

from souk.delivery.xet.model import FileRow, Term, XorbRow
from souk.infra.postgres.uow import UnitOfWork

_XORB = """
    x.hash, x.chunk_count, x.size_bytes, x.stored_bytes, x.chunks, x.source_sha256, x.source_start
"""


async def add_xorb(uow: UnitOfWork, xorb: XorbRow) -> bool:
    """Notes a xorb whose bytes are durable; False when it was there."""
    made = await uow.execute(
        """
        INSERT INTO xet.xorbs (hash, chunk_count, size_bytes, stored_bytes, chunks, source_sha256,
            source_start, created_at, asked_at)
        VALUES (%(hash)s, %(chunk_count)s, %(size_bytes)s, %(stored_bytes)s, %(chunks)s,
            %(source_sha256)s, %(source_start)s, %(now)s, %(now)s)
        ON CONFLICT (hash) DO NOTHING
        """,
        hash=xorb.hash,
        chunk_count=xorb.chunk_count,
        size_bytes=xorb.size_bytes,
        stored_bytes=xorb.stored_bytes,
        chunks=xorb.chunks,
        source_sha256=xorb.source_sha256,
        source_start=xorb.source_start,
        now=uow.now,
    )
    return made == 1


async def xorbs(uow: UnitOfWork, hashes: Collection[str]) -> dict[str, XorbRow]:
    """Those of these xorbs that are there, by hash."""
    rows = await uow.all(
        XorbRow,
        f"SELECT {_XORB} FROM xet.xorbs x WHERE x.hash = ANY(%(hashes)s)",
        hashes=list(hashes),
    )
    return {row.hash: row for row in rows}


async def locked_xorb(uow: UnitOfWork, xorb: str) -> XorbRow | None:
    """A xorb that is there and stays there until this transaction ends; None when it is not."""
    return await uow.one_or_none(
        XorbRow,
        f"SELECT {_XORB} FROM xet.xorbs x WHERE x.hash = %(hash)s FOR NO KEY UPDATE",
        hash=xorb,
    )


async def held_xorbs(
    uow: UnitOfWork, hashes: Collection[str], organisation_ids: Collection[str]
) -> dict[str, XorbRow]:
    """Those of these xorbs that these organisations may build on; none is removed meanwhile."""
    rows = await uow.all(
        XorbRow,
        f"""
        SELECT {_XORB} FROM xet.xorbs x
        WHERE x.hash = ANY(%(hashes)s) AND EXISTS (
            SELECT 1 FROM xet.xorb_holders h
            WHERE h.xorb = x.hash AND h.organisation_id = ANY(%(organisation_ids)s)
        )
        ORDER BY x.hash FOR KEY SHARE OF x
        """,
        hashes=list(hashes),
        organisation_ids=list(organisation_ids),
    )
    return {row.hash: row for row in rows}


async def add_holder(uow: UnitOfWork, hashes: Collection[str], *, organisation_id: str) -> int:
    """Lets an organisation build on these xorbs; answers for how many that is new."""
    return await uow.execute(
        """
        INSERT INTO xet.xorb_holders (organisation_id, xorb, since)
        SELECT %(organisation_id)s, hash, %(now)s FROM unnest(%(hashes)s::text[]) AS hash
        ORDER BY hash ON CONFLICT DO NOTHING
        """,
        organisation_id=organisation_id,
        hashes=list(hashes),
        now=uow.now,
    )


async def touch(uow: UnitOfWork, hashes: Collection[str]) -> int:
    """Notes that these xorbs were sent or built on now, which keeps them for the grace time."""
    return await uow.execute(
        """
        UPDATE xet.xorbs SET asked_at = %(now)s WHERE hash IN (
            SELECT hash FROM xet.xorbs WHERE hash = ANY(%(hashes)s) ORDER BY hash
            FOR NO KEY UPDATE
        )
        """,
        hashes=list(hashes),
        now=uow.now,
    )


async def add_places(uow: UnitOfWork, chunks: Sequence[str], xorb_hashes: Sequence[str]) -> None:
    """Notes in which xorb each of these chunks is."""
    await uow.execute(
        """
        INSERT INTO xet.chunk_places (chunk, xorb)
        SELECT DISTINCT chunk, xorb
        FROM unnest(%(chunks)s::text[], %(xorbs)s::text[]) AS p(chunk, xorb)
        ORDER BY chunk, xorb ON CONFLICT DO NOTHING
        """,
        chunks=list(chunks),
        xorbs=list(xorb_hashes),
    )


async def related_xorbs(
    uow: UnitOfWork, chunk: str, organisation_ids: Collection[str], *, limit: int
) -> list[XorbRow]:
    """Xorbs of these organisations with a chunk, then those their files with it are made of."""
    return await uow.all(
        XorbRow,
        f"""
        WITH own AS (
            SELECT DISTINCT h.xorb FROM xet.xorb_holders h
            JOIN xet.chunk_places p ON p.xorb = h.xorb AND p.chunk = %(chunk)s
            WHERE h.organisation_id = ANY(%(organisation_ids)s)
            LIMIT 16
        ), near AS (
            SELECT DISTINCT t.xorb FROM (
                SELECT DISTINCT n.file FROM xet.terms n JOIN own ON own.xorb = n.xorb LIMIT 16
            ) f
            JOIN xet.terms t ON t.file = f.file
            JOIN xet.xorb_holders h ON h.xorb = t.xorb
            WHERE h.organisation_id = ANY(%(organisation_ids)s)
        )
        SELECT {_XORB} FROM xet.xorbs x
        LEFT JOIN own ON own.xorb = x.hash
        WHERE x.hash IN (SELECT xorb FROM own UNION SELECT xorb FROM near)
        ORDER BY own.xorb IS NULL, x.asked_at DESC, x.hash LIMIT %(limit)s
        """,
        chunk=chunk,
        organisation_ids=list(organisation_ids),
        limit=limit,
    )


async def add_file(uow: UnitOfWork, file: FileRow, terms: Sequence[Term]) -> bool:
    """Notes a file whose content was checked, with its terms; False when it was there."""
    made = await uow.execute(
        """
        INSERT INTO xet.files (hash, sha256, size_bytes, created_at)
        VALUES (%(hash)s, %(sha256)s, %(size_bytes)s, %(now)s) ON CONFLICT (hash) DO NOTHING
        """,
        hash=file.hash,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        now=uow.now,
    )
    if made:
        await uow.execute(
            """
            INSERT INTO xet.terms
                (file, number, file_start, size_bytes, xorb, chunk_start, chunk_end)
            SELECT %(file)s, number - 1, file_start, size_bytes, xorb, chunk_start, chunk_end
            FROM unnest(%(file_starts)s::bigint[], %(sizes)s::bigint[], %(xorbs)s::text[],
                %(chunk_starts)s::integer[], %(chunk_ends)s::integer[])
                WITH ORDINALITY AS t(file_start, size_bytes, xorb, chunk_start, chunk_end, number)
            """,
            file=file.hash,
            file_starts=[term.file_start for term in terms],
            sizes=[term.size_bytes for term in terms],
            xorbs=[term.xorb for term in terms],
            chunk_starts=[term.chunk_start for term in terms],
            chunk_ends=[term.chunk_end for term in terms],
        )
    return made == 1


async def file(uow: UnitOfWork, file_hash: str) -> FileRow | None:
    """A file by its own hash."""
    return await uow.one_or_none(
        FileRow,
        "SELECT hash, sha256, size_bytes FROM xet.files WHERE hash = %(hash)s",
        hash=file_hash,
    )


async def files(uow: UnitOfWork, file_hashes: Collection[str]) -> list[FileRow]:
    """Those of these files that are there."""
    return await uow.all(
        FileRow,
        "SELECT hash, sha256, size_bytes FROM xet.files WHERE hash = ANY(%(hashes)s)",
        hashes=list(file_hashes),
    )


async def file_of(uow: UnitOfWork, sha256: str) -> FileRow | None:
    """The first file that was made of this content."""
    return await uow.one_or_none(
        FileRow,
        """
        SELECT hash, sha256, size_bytes FROM xet.files WHERE sha256 = %(sha256)s
        ORDER BY created_at, hash LIMIT 1
        """,
        sha256=sha256,
    )


async def hashes_of(uow: UnitOfWork, sha256s: Collection[str]) -> dict[str, str]:
    """The file hash of each of these contents that this scope sees as Xet."""
    rows = await uow.all(
        FileRow,
        """
        SELECT DISTINCT ON (sha256) hash, sha256, size_bytes FROM xet.files
        WHERE sha256 = ANY(%(sha256s)s) ORDER BY sha256, created_at, hash
        """,
        sha256s=list(sha256s),
    )
    return {row.sha256: row.hash for row in rows}


async def terms(uow: UnitOfWork, file_hash: str, *, start: int, end: int) -> list[Term]:
    """The terms of a file that overlap a range of its bytes, in order."""
    return await uow.all(
        Term,
        """
        SELECT file_start, size_bytes, xorb, chunk_start, chunk_end FROM xet.terms
        WHERE file = %(file)s AND file_start < %(end)s AND file_start + size_bytes > %(start)s
        ORDER BY number
        """,
        file=file_hash,
        start=start,
        end=end,
    )


async def unused_bytes(uow: UnitOfWork, organisation_id: str) -> int:
    """How many bytes of xorbs an organisation has sent that no file is built on."""
    found = await uow.value(
        """
        SELECT coalesce(sum(x.stored_bytes), 0) FROM xet.xorb_holders h
        JOIN xet.xorbs x ON x.hash = h.xorb
        WHERE h.organisation_id = %(organisation_id)s
            AND NOT EXISTS (SELECT 1 FROM xet.terms t WHERE t.xorb = h.xorb)
        """,
        organisation_id=organisation_id,
    )
    return int(found)
