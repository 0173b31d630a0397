"""What a database holds, in a form that two of them can be compared by."""

import psycopg


def contents(dsn: str) -> list[tuple[object, ...]]:
    """A digest of every row of every table, and who may do what with it.

    The rows of unlogged tables, which a backup leaves out, are not looked at.
    """
    with psycopg.connect(dsn) as connection:
        tables = connection.execute(
            "SELECT c.oid::regclass::text, c.relacl::text, c.relrowsecurity, c.relpersistence "
            "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' "
            "AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
        ).fetchall()
        return [
            (
                *table,
                connection.execute(
                    f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) "
                    f"FROM {table[0]} t WHERE {table[3] == 'p'}"
                ).fetchone(),
            )
            for table in tables
        ]


def sequences(dsn: str) -> list[tuple[object, ...]]:
    """The last number that each sequence gave."""
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2"
        ).fetchall()
