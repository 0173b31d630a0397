"""A marketplace with data in it goes from one schema to the next and keeps every row."""

from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from souk.apps import migrations
from souk.apps.application_role import app_dsn, app_password
from souk.apps.migrations.run import current_revision, migrate
from souk.apps.up.schema import is_current
from souk.infra.postgres.embedded import EmbeddedPostgres
from tests.apps.migrations.rows import ROWS

SECRET = "cd" * 32
VERSIONS = Path(migrations.__file__).parent / "versions"
SQL = VERSIONS / "sql"
REVISIONS = sorted(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*.py"))
LANDED = Path(__file__).with_name("landed.txt")
"""The steps that marketplaces may have gone already, as `sha256sum` prints them."""
pytestmark = [pytest.mark.database, pytest.mark.slow]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path) as server:
        yield server


def to(server: EmbeddedPostgres, revision: str) -> None:
    migrate(server.dsn(), app_password=app_password(SECRET), revision=revision)


def columns(dsn: str) -> dict[str, list[str]]:
    """The columns of every table, by table."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT format('%I.%I', table_schema, table_name), "
            "array_agg(format('%I', column_name) ORDER BY column_name) "
            "FROM information_schema.columns JOIN information_schema.tables "
            "USING (table_schema, table_name) WHERE table_type = 'BASE TABLE' "
            "AND table_schema NOT IN ('pg_catalog', 'information_schema', 'souk') GROUP BY 1"
        ).fetchall()
    return {str(table): list(names) for table, names in rows}


def digests(dsn: str, tables: dict[str, list[str]]) -> dict[str, object]:
    """How many rows each table has, and a digest of them."""
    with psycopg.connect(dsn) as connection:
        return {
            table: connection.execute(
                f"SELECT count(*), md5(string_agg(ROW({', '.join(names)})::text, '|' "
                f"ORDER BY ROW({', '.join(names)})::text)) FROM {table}"
            ).fetchone()
            for table, names in tables.items()
        }


def write_rows(server: EmbeddedPostgres, revision: str) -> None:
    """What a marketplace of this revision has in the tables that it made."""
    with psycopg.connect(server.dsn()) as connection:
        connection.execute(ROWS.get(revision, ""))


def test_a_step_that_marketplaces_have_gone_never_changes() -> None:
    listed = [line.split() for line in LANDED.read_text().splitlines()]
    landed = {name: digest for digest, name in listed}
    steps = {path.name: sha256(path.read_bytes()).hexdigest() for path in SQL.glob("*.sql")}
    assert {name: steps.get(name) for name in landed} == landed
    assert all(name > max(landed) for name in steps.keys() - landed.keys())


def test_rows_survive_every_step_up_to_the_newest_schema(server: EmbeddedPostgres) -> None:
    to(server, REVISIONS[0])
    for earlier, later in pairwise(REVISIONS):
        assert current_revision(server.dsn()) == earlier
        write_rows(server, earlier)
        tables = columns(server.dsn())
        before = digests(server.dsn(), tables)
        to(server, later)
        assert digests(server.dsn(), tables) == before
    assert current_revision(server.dsn()) == REVISIONS[-1] == migrations.newest_revision()
    with psycopg.connect(server.dsn()) as connection:
        assert connection.execute("SELECT count(*) FROM people.users").fetchone() == (200,)
        assert connection.execute(
            "SELECT balance_minor FROM ledger.funds ORDER BY 1"
        ).fetchall() == [
            (1799,),
            (3001,),
        ]


def test_a_start_migrates_exactly_when_the_schema_is_behind(server: EmbeddedPostgres) -> None:
    assert not is_current(server.dsn(), SECRET)
    to(server, REVISIONS[-2])
    assert not is_current(server.dsn(), SECRET)
    to(server, "head")
    assert is_current(server.dsn(), SECRET)
    # Another secret means another password for the application's role: that has to be set anew.
    assert not is_current(server.dsn(), "ef" * 32)


def test_migrating_again_changes_nothing(server: EmbeddedPostgres) -> None:
    to(server, "head")
    before = columns(server.dsn())
    to(server, "head")
    assert columns(server.dsn()) == before


def test_a_step_that_fails_leaves_the_schema_as_it_was(server: EmbeddedPostgres) -> None:
    texts = [
        next((VERSIONS / "sql").glob(f"{revision}_*.sql")).read_text() for revision in REVISIONS
    ]
    at = max(number for number, text in enumerate(texts) if "CREATE SCHEMA " in text)
    to(server, REVISIONS[at - 1])
    before = columns(server.dsn())
    with psycopg.connect(server.dsn()) as connection:
        connection.execute(f"CREATE SCHEMA {texts[at].split('CREATE SCHEMA ')[1].split(';')[0]}")
    with pytest.raises(Exception, match="already exists"):
        to(server, "head")
    assert columns(server.dsn()) == before
    assert current_revision(server.dsn()) == REVISIONS[at - 1]


def test_the_application_is_neither_owner_nor_superuser(server: EmbeddedPostgres) -> None:
    to(server, "head")
    with psycopg.connect(app_dsn(server.dsn(), SECRET)) as connection:
        rights = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles "
            "WHERE rolname = current_user"
        ).fetchone()
        owned = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole"
        ).fetchone()
    assert rights == (False, False, False, False)
    assert owned == (0,)


def test_an_owner_who_is_no_superuser_is_enough(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.dsn(database="postgres"), autocommit=True) as connection:
        connection.execute("CREATE ROLE theirs LOGIN CREATEROLE PASSWORD 'theirs'")
        connection.execute("CREATE DATABASE theirs OWNER theirs")
    dsn = make_conninfo(server.dsn(), user="theirs", password="theirs", dbname="theirs")
    for _ in range(2):
        migrate(dsn, app_password=app_password(SECRET))
    assert is_current(dsn, SECRET)
