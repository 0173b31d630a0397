"""The schema in numbered steps (Alembic); the SQL of each step is beside it in `sql/`."""

from pathlib import Path


def newest_revision() -> str:
    """The number of the last step, read from the files' names: `0007_discovery.py` is `0007`."""
    versions = Path(__file__).parent / "versions"
    return max(path.name.partition("_")[0] for path in versions.glob("[0-9]*.py"))
