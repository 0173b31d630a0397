"""`souk analytics rebuild`: sums that were tampered with are right again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from click.testing import CliRunner
from tests.serving import SECRET

from souk.apps.cli.group import main

HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)


def test_sums_are_added_up_again(owner_dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        connection.execute(
            """
            INSERT INTO analytics.traffic (listing_id, grain, starts_at, organisation_id, views,
                visitors, clicks, checkouts, favourites, downloads, orders, refunds)
            VALUES ('lst_wrong', 'hour', %s, 'org_x', 99, 9, 0, 0, 0, 0, 0, 0)
            """,
            [HOUR],
        )
        settings = {
            "SOUK_DATABASE_URL": owner_dsn,
            "SOUK_SECRET": SECRET,
            "SOUK_DATA_DIR": str(tmp_path),
        }
        result = CliRunner().invoke(main, ["analytics", "rebuild"], env=settings)
        assert result.exit_code == 0, result.output
        assert result.stdout == "Added up 1 hour of listings again.\n"
        left = connection.execute("SELECT count(*) FROM analytics.traffic").fetchone()
        assert left == (0,)  # nothing happened, so nothing is counted
        again = CliRunner().invoke(main, ["analytics", "rebuild"], env=settings)
        assert again.stdout == "Added up 0 hours of listings again.\n"
