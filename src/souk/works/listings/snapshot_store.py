"""The SQL of snapshots: what a listing said when a version became public (a trigger keeps them)."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.versions import VersionWords
from souk_client.contracts.works import Compatibility, Metric


class _Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot as it is stored."""

    version_id: str
    card: str
    metrics: list[dict[str, str | float | bool]]
    licence: str | None
    compatibility: dict[str, list[str] | float | None]
    taken_at: datetime


async def snapshots_of(uow: UnitOfWork, version_ids: Sequence[str]) -> dict[str, VersionWords]:
    """What listings said with these versions, by version; those that nobody kept are left out."""
    rows = await uow.all(
        _Snapshot,
        """
        SELECT version_id, card, metrics, licence, compatibility, taken_at
        FROM works.version_snapshots WHERE version_id = ANY(%(ids)s)
        """,
        ids=list(version_ids),
    )
    return {
        row.version_id: VersionWords(
            card=row.card,
            metrics=msgspec.convert(row.metrics, list[Metric]),
            licence=row.licence,
            compatibility=msgspec.convert(row.compatibility, Compatibility),
            taken_at=row.taken_at,
        )
        for row in rows
    }
