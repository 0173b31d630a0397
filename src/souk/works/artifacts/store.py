"""The SQL of artifacts, their holders and their scans."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork, json_value
from souk_client.contracts.works import Artifact, Scan, ScanState

_COLUMNS = """
    a.sha256, a.size_bytes, a.cid, a.media_type, a.filename, a.scan_state, a.scan_format,
    a.scan_reasons, a.scan_facts, a.created_at
"""


class ArtifactRow(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact as it is stored."""

    sha256: str
    size_bytes: int
    cid: str
    media_type: str
    filename: str
    scan_state: ScanState
    scan_format: str | None
    scan_reasons: list[str]
    scan_facts: dict[str, str | int | float | bool]
    created_at: datetime

    def to_artifact(self) -> Artifact:
        """As the api gives it."""
        return Artifact(
            sha256=self.sha256,
            size_bytes=self.size_bytes,
            cid=self.cid,
            media_type=self.media_type,
            scan=Scan(
                state=self.scan_state,
                format=self.scan_format,
                reasons=self.scan_reasons,
                facts=self.scan_facts,
            ),
            created_at=self.created_at,
        )


async def find(uow: UnitOfWork, sha256s: Collection[str]) -> list[ArtifactRow]:
    """Those of these artifacts that this scope sees."""
    return await uow.all(
        ArtifactRow,
        f"SELECT {_COLUMNS} FROM works.artifacts a WHERE a.sha256 = ANY(%(sha256s)s)",
        sha256s=list(sha256s),
    )


async def held(
    uow: UnitOfWork, organisation_id: str, sha256s: Collection[str]
) -> list[ArtifactRow]:
    """Those of these artifacts that the organisation holds."""
    return await uow.all(
        ArtifactRow,
        f"""
        SELECT {_COLUMNS} FROM works.holders h JOIN works.artifacts a USING (sha256)
        WHERE h.organisation_id = %(organisation_id)s AND h.sha256 = ANY(%(sha256s)s)
        """,
        organisation_id=organisation_id,
        sha256s=list(sha256s),
    )


async def holders(uow: UnitOfWork, sha256: str) -> list[str]:
    """The organisations that hold an artifact, of those that this scope sees."""
    return await uow.values(
        """
        SELECT organisation_id FROM works.holders WHERE sha256 = %(sha256)s
        ORDER BY organisation_id
        """,
        sha256=sha256,
    )


async def clean_after(
    uow: UnitOfWork, sha256: str, *, min_bytes: int, limit: int
) -> list[ArtifactRow]:
    """Clean artifacts of at least this size with a hash past this one, in their order."""
    return await uow.all(
        ArtifactRow,
        f"""
        SELECT {_COLUMNS} FROM works.artifacts a
        WHERE a.sha256 > %(after)s AND a.scan_state = 'clean' AND a.size_bytes >= %(min_bytes)s
        ORDER BY a.sha256 LIMIT %(limit)s
        """,
        after=sha256,
        min_bytes=min_bytes,
        limit=limit,
    )


async def record(
    uow: UnitOfWork, *, sha256: str, size_bytes: int, cid: str, filename: str, media_type: str
) -> bool:
    """Notes that these bytes are stored (system scope); False when they were before."""
    made = await uow.execute(
        """
        INSERT INTO works.artifacts (sha256, size_bytes, cid, filename, media_type, created_at)
        VALUES (%(sha256)s, %(size)s, %(cid)s, %(filename)s, %(media_type)s, %(now)s)
        ON CONFLICT (sha256) DO NOTHING
        """,
        sha256=sha256,
        size=size_bytes,
        cid=cid,
        filename=filename,
        media_type=media_type,
        now=uow.now,
    )
    return made == 1


async def add_holder(uow: UnitOfWork, sha256: str, *, organisation_id: str) -> None:
    """Notes that an organisation has sent these bytes (system scope)."""
    await uow.execute(
        """
        INSERT INTO works.holders (sha256, organisation_id, since)
        VALUES (%(sha256)s, %(organisation_id)s, %(now)s) ON CONFLICT DO NOTHING
        """,
        sha256=sha256,
        organisation_id=organisation_id,
        now=uow.now,
    )


async def record_many(
    uow: UnitOfWork,
    *,
    sha256s: Sequence[str],
    sizes: Sequence[int],
    cids: Sequence[str],
    filenames: Sequence[str],
    media_type: str,
) -> set[str]:
    """Notes that these bytes are stored (system scope); answers those that were not before."""
    return set(
        await uow.values(
            """
            INSERT INTO works.artifacts (sha256, size_bytes, cid, filename, media_type, created_at)
            SELECT n.sha256, n.size_bytes, n.cid, n.filename, %(media_type)s, %(now)s
            FROM unnest(%(sha256s)s::text[], %(sizes)s::bigint[], %(cids)s::text[],
                %(filenames)s::text[]) AS n(sha256, size_bytes, cid, filename)
            ORDER BY n.sha256
            ON CONFLICT (sha256) DO NOTHING RETURNING sha256
            """,
            sha256s=list(sha256s),
            sizes=list(sizes),
            cids=list(cids),
            filenames=list(filenames),
            media_type=media_type,
            now=uow.now,
        )
    )


async def add_holders(uow: UnitOfWork, sha256s: Sequence[str], *, organisation_id: str) -> None:
    """Notes that an organisation has sent these bytes (system scope)."""
    await uow.execute(
        """
        INSERT INTO works.holders (sha256, organisation_id, since)
        SELECT n.sha256, %(organisation_id)s, %(now)s
        FROM unnest(%(sha256s)s::text[]) AS n(sha256) ORDER BY n.sha256
        ON CONFLICT DO NOTHING
        """,
        sha256s=list(sha256s),
        organisation_id=organisation_id,
        now=uow.now,
    )


async def make_public(uow: UnitOfWork, sha256s: Collection[str]) -> None:
    """Lets everybody see clean artifacts that this scope's organisations hold."""
    await uow.execute("SELECT works.make_public(%(sha256s)s)", sha256s=list(sha256s))


async def note_scan(
    uow: UnitOfWork,
    sha256: str,
    *,
    state: ScanState,
    format_name: str | None,
    media_type: str,
    reasons: Sequence[str],
    facts: dict[str, str | int | float | bool],
) -> bool:
    """Writes a scan's finding (system scope); False when there was one already."""
    changed = await uow.execute(
        """
        UPDATE works.artifacts
        SET scan_state = %(state)s, scan_format = %(format)s, scan_reasons = %(reasons)s,
            scan_facts = %(facts)s, media_type = %(media_type)s, scanned_at = %(now)s
        WHERE sha256 = %(sha256)s AND scan_state = 'pending'
        """,
        sha256=sha256,
        state=state,
        format=format_name,
        reasons=list(reasons),
        facts=json_value(facts),
        media_type=media_type,
        now=uow.now,
    )
    return changed == 1


async def pending_since(uow: UnitOfWork, *, before: datetime, limit: int) -> list[tuple[str, str]]:
    """Hash and file name of artifacts that wait for a scan since before then (system scope)."""
    rows = await uow.dicts(
        """
        SELECT sha256, filename FROM works.artifacts
        WHERE scan_state = 'pending' AND created_at < %(before)s
        ORDER BY created_at LIMIT %(limit)s
        """,
        before=before,
        limit=limit,
    )
    return [(row["sha256"], row["filename"]) for row in rows]


async def quarantined(uow: UnitOfWork, *, after: str, limit: int) -> list[ArtifactRow]:
    """Quarantined artifacts in the order of their hashes (system scope)."""
    return await uow.all(
        ArtifactRow,
        f"""
        SELECT {_COLUMNS} FROM works.artifacts a
        WHERE a.scan_state = 'quarantined' AND a.sha256 > %(after)s
        ORDER BY a.sha256 LIMIT %(limit)s
        """,
        after=after,
        limit=limit,
    )


async def release(uow: UnitOfWork, sha256: str, *, user_id: str, reason: str) -> bool:
    """Lets a quarantined artifact through (system scope); the reasons stay on its row."""
    changed = await uow.execute(
        """
        UPDATE works.artifacts
        SET scan_state = 'clean', released_by = %(user_id)s, release_reason = %(reason)s
        WHERE sha256 = %(sha256)s AND scan_state = 'quarantined'
        """,
        sha256=sha256,
        user_id=user_id,
        reason=reason,
    )
    return changed == 1
