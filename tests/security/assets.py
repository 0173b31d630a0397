"""Rows of Ada's in the tables of assets and domains."""

import psycopg

from tests.security.world import World


def make_assets(connection: psycopg.Connection, world: World) -> None:
    """Adds a row to every table of assets."""
    ada, user, sha256 = (world.ids[n] for n in ("personal_organisation", "user_id", "sha256"))
    for insert, values in (
        ("spaces VALUES (%s, NULL, now())", [ada]),
        (
            "assets VALUES ('ast_wall', %s, 'wall.txt', %s, 1, 'text/plain', 0, true, %s, now(), "
            "now())",
            [ada, sha256, user],
        ),
        ("made VALUES (%s, 'br', NULL, 0, 'text/plain', now())", [sha256]),
        (
            "domains (id, owner_organisation_id, name, site_id, token, certificate_by, hsts_s, "
            "cors_origins, per_address_per_minute, per_key_per_minute, key_header, created_by, "
            "created_at) VALUES ('dom_wall', %s, 'wall.example', 'sit_x', 't', 'own', 0, '{}', 1, "
            "1, '', %s, now())",
            [ada, user],
        ),
        (
            "certificates VALUES ('dom_wall', %s, 'own', '', '', now(), now() + interval '1 day', "
            "now())",
            [ada],
        ),
        ("orders (domain_id, due_at) VALUES ('dom_wall', now() + interval '9 years')", []),
        ("accounts VALUES ('https://authority.example', '', '', now())", []),
        ("challenges VALUES ('wall_challenge', 'wall.example', '', now())", []),
    ):
        connection.execute(f"INSERT INTO assets.{insert} ON CONFLICT DO NOTHING".encode(), values)
