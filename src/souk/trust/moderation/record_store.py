"""The SQL of the record."""

from datetime import datetime

from souk.infra.postgres.uow import UnitOfWork


async def decisions_against(uow: UnitOfWork, organisation_id: str, *, since: datetime) -> int:
    """Cases whose last decision hides or warns, and was made since then (system scope)."""
    return int(
        await uow.value(
            """
            SELECT count(*) FROM (
                SELECT DISTINCT ON (d.case_id) d.action, d.decided_at
                FROM moderation.decisions d JOIN moderation.cases c ON c.id = d.case_id
                WHERE c.organisation_id = %(id)s
                ORDER BY d.case_id, d.decided_at DESC, d.id DESC
            ) AS last
            WHERE action IN ('hide', 'warn') AND decided_at >= %(since)s
            """,
            id=organisation_id,
            since=since,
        )
    )
