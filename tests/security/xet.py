"""A xorb and a file of Ada's, which only the client of the protocol would make."""

import psycopg

from tests.security.world import World

XORB = "ab" * 32


def make_xet(connection: psycopg.Connection, world: World) -> None:
    """Adds a row to every table of Xet, around an artifact that only Ada holds."""
    sha256 = world.ids["sha256"]
    for insert, values in (
        ("xorbs VALUES (%s, 1, 3, 11, %s, NULL, NULL, now(), now())", [XORB, bytes(40)]),
        ("xorb_holders VALUES (%s, %s, now())", [world.ids["personal_organisation"], XORB]),
        ("chunk_places VALUES (%s, %s)", [XORB, XORB]),
        ("files VALUES (%s, %s, 3, now())", [XORB, sha256]),
        ("terms VALUES (%s, 0, 0, 3, %s, 0, 1)", [XORB, XORB]),
        ("removals VALUES (%s, now())", ["cd" * 32]),
    ):
        connection.execute(f"INSERT INTO xet.{insert} ON CONFLICT DO NOTHING".encode(), values)
