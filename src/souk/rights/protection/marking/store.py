"""The SQL of marked copies."""

from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.protection import MarkedCopy

_COLUMNS = """
    licence_id, source_sha256, path, listing_id, version_id, organisation_id, licensor_id, sha256,
    size_bytes, weights, statement, created_at
"""


class CopyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A marked copy as it is stored."""

    licence_id: str
    source_sha256: str
    path: str
    listing_id: str
    version_id: str
    organisation_id: str
    licensor_id: str
    sha256: str
    size_bytes: int
    weights: int
    statement: str
    created_at: datetime

    def to_copy(self) -> MarkedCopy:
        """As the api gives it."""
        return MarkedCopy(
            licence_id=self.licence_id,
            path=self.path,
            source_sha256=self.source_sha256,
            sha256=self.sha256,
            size_bytes=self.size_bytes,
            weights=self.weights,
            statement=self.statement,
            created_at=self.created_at,
        )


async def add(uow: UnitOfWork, row: CopyRow) -> None:
    """A new copy, unless there is one of this file for this licence."""
    await uow.execute(
        f"""
        INSERT INTO protection.marked_copies ({_COLUMNS})
        VALUES (%(licence_id)s, %(source_sha256)s, %(path)s, %(listing_id)s, %(version_id)s,
            %(organisation_id)s, %(licensor_id)s, %(sha256)s, %(size_bytes)s, %(weights)s,
            %(statement)s, %(created_at)s)
        ON CONFLICT DO NOTHING
        """,
        **msgspec.structs.asdict(row),
    )


async def of_licence(uow: UnitOfWork, licence_id: str) -> list[CopyRow]:
    """A licence's copies, newest first."""
    return await uow.all(
        CopyRow,
        f"""
        SELECT {_COLUMNS} FROM protection.marked_copies WHERE licence_id = %(id)s
        ORDER BY created_at DESC, path LIMIT 1000
        """,
        id=licence_id,
    )


async def licences_of(uow: UnitOfWork, listing_id: str, source_sha256: str) -> list[str]:
    """The licences that have a marked copy of a listing's file."""
    return await uow.values(
        """
        SELECT DISTINCT licence_id FROM protection.marked_copies
        WHERE listing_id = %(listing_id)s AND source_sha256 = %(source)s AND weights > 0
        ORDER BY licence_id LIMIT 20000
        """,
        listing_id=listing_id,
        source=source_sha256,
    )
