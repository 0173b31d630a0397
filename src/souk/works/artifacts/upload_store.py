"""The SQL of uploads and their parts."""

from collections.abc import Collection

from souk.infra.postgres.uow import UnitOfWork
from souk.works.artifacts.model import PartRow, UploadRow, UploadState

_COLUMNS = """
    id, organisation_id, user_id, filename, size_bytes, sha256, part_size_bytes, part_count, state,
    created_at, expires_at, completed_at, data_key_id
"""


async def add(uow: UnitOfWork, upload: UploadRow) -> None:
    """A new upload."""
    await uow.execute(
        f"""
        INSERT INTO works.uploads ({_COLUMNS})
        VALUES (%(id)s, %(organisation_id)s, %(user_id)s, %(filename)s, %(size_bytes)s, %(sha256)s,
            %(part_size_bytes)s, %(part_count)s, %(state)s, %(created_at)s, %(expires_at)s,
            %(completed_at)s, %(data_key_id)s)
        """,
        id=upload.id,
        organisation_id=upload.organisation_id,
        user_id=upload.user_id,
        filename=upload.filename,
        size_bytes=upload.size_bytes,
        sha256=upload.sha256,
        part_size_bytes=upload.part_size_bytes,
        part_count=upload.part_count,
        state=upload.state,
        created_at=upload.created_at,
        expires_at=upload.expires_at,
        completed_at=upload.completed_at,
        data_key_id=upload.data_key_id,
    )


async def find(uow: UnitOfWork, upload_id: str) -> UploadRow | None:
    """An upload of this scope."""
    return await uow.one_or_none(
        UploadRow, f"SELECT {_COLUMNS} FROM works.uploads WHERE id = %(id)s", id=upload_id
    )


async def find_open(
    uow: UnitOfWork, organisation_id: str, *, sha256: str, part_size_bytes: int
) -> UploadRow | None:
    """The newest upload of these bytes, cut this way, that is still open."""
    return await uow.one_or_none(
        UploadRow,
        f"""
        SELECT {_COLUMNS} FROM works.uploads
        WHERE organisation_id = %(organisation_id)s AND sha256 = %(sha256)s AND state = 'open'
          AND part_size_bytes = %(part_size)s AND expires_at > %(now)s
        ORDER BY id DESC LIMIT 1
        """,
        organisation_id=organisation_id,
        sha256=sha256,
        part_size=part_size_bytes,
        now=uow.now,
    )


async def count_open(uow: UnitOfWork, organisation_id: str) -> int:
    """How many uploads an organisation has under way."""
    count = await uow.value(
        """
        SELECT count(*) FROM works.uploads
        WHERE organisation_id = %(organisation_id)s AND state IN ('open', 'verified')
        """,
        organisation_id=organisation_id,
    )
    return int(count)


async def set_state(
    uow: UnitOfWork, upload_id: str, state: UploadState, *, was: Collection[UploadState]
) -> bool:
    """Moves an upload on; False when it was in none of the states it may come from."""
    changed = await uow.execute(
        """
        UPDATE works.uploads
        SET state = %(state)s, completed_at = CASE WHEN %(state)s = 'complete' THEN %(now)s END
        WHERE id = %(id)s AND state = ANY(%(was)s)
        """,
        id=upload_id,
        state=state,
        was=list(was),
        now=uow.now,
    )
    return changed == 1


async def part_digests(uow: UnitOfWork, upload_id: str, number: int) -> bytes | None:
    """What a received part's MiBs hash to; None when it has not arrived."""
    found = await uow.value(
        """
        SELECT digests FROM works.upload_parts WHERE upload_id = %(id)s AND number = %(number)s
        """,
        id=upload_id,
        number=number,
    )
    return None if found is None else bytes(found)


async def part_numbers(uow: UnitOfWork, upload_id: str, *, first: int = 1) -> list[int]:
    """The parts that have arrived, from number `first` on, in order."""
    return await uow.values(
        """
        SELECT number FROM works.upload_parts
        WHERE upload_id = %(id)s AND number >= %(first)s ORDER BY number
        """,
        id=upload_id,
        first=first,
    )


async def parts(uow: UnitOfWork, upload_id: str) -> list[PartRow]:
    """The parts that have arrived, in order, with their digests."""
    return await uow.all(
        PartRow,
        """
        SELECT number, digests FROM works.upload_parts WHERE upload_id = %(id)s ORDER BY number
        """,
        id=upload_id,
    )


async def add_part(
    uow: UnitOfWork, upload: UploadRow, *, number: int, size_bytes: int, digests: bytes
) -> bool:
    """Notes that a part is durable; False when the upload is no longer open."""
    added = await uow.execute(
        """
        INSERT INTO works.upload_parts
            (upload_id, organisation_id, number, size_bytes, digests, received_at)
        SELECT id, organisation_id, %(number)s, %(size)s, %(digests)s, %(now)s
        FROM works.uploads WHERE id = %(id)s AND state = 'open' FOR SHARE
        """,
        id=upload.id,
        number=number,
        size=size_bytes,
        digests=digests,
        now=uow.now,
    )
    return added == 1


async def forget_parts(uow: UnitOfWork, upload_id: str) -> None:
    """Removes the notes of an upload that is over."""
    await uow.execute("DELETE FROM works.upload_parts WHERE upload_id = %(id)s", id=upload_id)


async def expire(uow: UnitOfWork, *, limit: int) -> list[str]:
    """Ends uploads whose time is over (system scope); answers their ids."""
    return await uow.values(
        """
        UPDATE works.uploads SET state = 'expired' WHERE id IN (
            SELECT id FROM works.uploads
            WHERE state IN ('open', 'verified') AND expires_at < %(now)s
            ORDER BY expires_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ) RETURNING id
        """,
        now=uow.now,
        limit=limit,
    )


async def live_ids(uow: UnitOfWork, upload_ids: Collection[str]) -> set[str]:
    """Those of these uploads that are still under way (system scope)."""
    return set(
        await uow.values(
            """
            SELECT id FROM works.uploads WHERE id = ANY(%(ids)s) AND state IN ('open', 'verified')
            """,
            ids=list(upload_ids),
        )
    )
