"""Runs the SQL file of a step."""

from pathlib import Path

from alembic import op

SQL = Path(__file__).parent / "versions" / "sql"


def run_sql(revision: str) -> None:
    """Runs `sql/<revision>_*.sql` as one script."""
    (path,) = SQL.glob(f"{revision}_*.sql")
    cursor = op.get_bind().connection.cursor()
    cursor.execute(path.read_text())
