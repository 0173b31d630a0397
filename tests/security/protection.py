"""Rows of protection and of encrypted storage that no request of the world makes."""

import psycopg

from tests.security.world import World


def make_protection(connection: psycopg.Connection, world: World) -> None:
    """Adds a row to every table, of Ada's device and licence."""
    ada, user = world.ids["personal_organisation"], world.ids["user_id"]
    key = b"\x01" * 32
    for insert, values in (
        ("infra.wrapping_keys VALUES ('kek_wall', %s, now(), now())", [key]),
        ("infra.data_keys VALUES (%s, 'kek_wall', %s, now())", [b"w" * 16, b"w" * 60]),
        (
            "protection.devices VALUES ('dev_wall', %s, 'Laptop', %s, %s, now(), now(), NULL)",
            [user, key, key],
        ),
        (
            "protection.releases VALUES ('lic_wall', 'dev_wall', %s, %s, 'Laptop', 1, 3, now(), "
            "now(), 5, 1, 1, 'x', NULL, NULL)",
            [ada, user],
        ),
        (
            "protection.receipts VALUES ('lic_wall', 'dev_wall', %s, 1, repeat('0', 64), '', 1, 1, "
            "now(), now(), 'x')",
            [ada],
        ),
        (
            "protection.choices VALUES (%s, %s, 'devices', now())",
            [world.ids["draft"], ada],
        ),
        (
            "protection.marked_copies VALUES ('lic_wall', 'x', 'a', %s, 'ver_wall', %s, %s, 'y', "
            "1, 1, 'x', now())",
            [world.ids["draft"], ada, ada],
        ),
    ):
        connection.execute(f"INSERT INTO {insert} ON CONFLICT DO NOTHING".encode(), values)
