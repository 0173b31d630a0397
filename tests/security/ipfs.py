"""Rows of Ada's in the tables of IPFS that no request of the world makes, or that are soon gone."""

import psycopg

from tests.security.world import World


def make_ipfs(connection: psycopg.Connection, world: World) -> None:
    """Adds a row to every table of IPFS, around an artifact that only Ada holds."""
    ada, sha256 = world.ids["personal_organisation"], world.ids["sha256"]
    digest, listing = b"\xad" * 32, world.ids["draft"]
    for insert, values in (
        ("blocks VALUES (%s, %s, 0, 3, '', '')", [digest, sha256]),
        ("files VALUES (%s, %s, 3, now())", [sha256, digest]),
        ("directories VALUES (%s, 'x')", [digest]),
        ("trees VALUES ('car_wall', 'import', %s, NULL, %s, 3, now())", [ada, digest]),
        ("tree_directories VALUES ('car_wall', %s)", [digest]),
        ("tree_files VALUES ('car_wall', %s)", [sha256]),
        (
            "waiting VALUES ('ver_wall', %s, %s, 'rev_wall', now() + interval '1 day', 0)",
            [listing, ada],
        ),
        (
            "pins VALUES ('pin_wall', %s, %s, 'bafkqaaa', '', NULL, '[]', '{}', 'pinned', '', 0, "
            "NULL, now())",
            [ada, world.ids["user_id"]],
        ),
        (
            "remote_pins VALUES ('ver_wall', %s, %s, 'bafkqaaa', NULL, 'pinned', '', 0, NULL, "
            "now())",
            [listing, ada],
        ),
    ):
        connection.execute(f"INSERT INTO ipfs.{insert} ON CONFLICT DO NOTHING".encode(), values)
