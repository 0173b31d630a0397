"""What is kept of the CDN's work is let go when it is old, and not before."""

from datetime import timedelta

import pytest

from souk.delivery.cdn.jobs import AVAILABILITY_DAYS, DECISIONS_DAYS, Forgetting
from souk.delivery.cdn.settings import CdnSettings
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM


@pytest.mark.parametrize(("row", "older"), [("old", 1), ("new", -1)])
async def test_old_figures_and_decisions_go(database: Database, row: str, older: int) -> None:
    settings = CdnSettings()
    async with database.transaction(SYSTEM) as uow:
        for days, sql in (
            (
                settings.keep_usage_days,
                """INSERT INTO cdn.node_minutes (minute, node_id, region, expected)
                VALUES (%(at)s, %(id)s, 'eu-west', true)""",
            ),
            (
                AVAILABILITY_DAYS,
                """INSERT INTO cdn.availability (day, kind, subject, region, expected, good)
                VALUES (%(at)s::date, 'node', %(id)s, 'eu-west', 1, 1)""",
            ),
            (
                DECISIONS_DAYS,
                """INSERT INTO cdn.scaling_decisions
                (id, at, region, action, nodes, wanted, load, reason)
                VALUES (%(id)s, %(at)s, 'eu-west', 'out', 0, 1, 0.9, 'busy')""",
            ),
        ):
            await uow.execute(sql, id=row, at=uow.now - timedelta(days=days + older))
        await Forgetting(settings).run(uow)
        kept = await uow.values(
            """
            SELECT 'minutes' FROM cdn.node_minutes WHERE node_id = %(id)s
            UNION ALL SELECT 'days' FROM cdn.availability WHERE subject = %(id)s
            UNION ALL SELECT 'decisions' FROM cdn.scaling_decisions WHERE id = %(id)s
            """,
            id=row,
        )
    assert sorted(kept) == ([] if older > 0 else ["days", "decisions", "minutes"])
