"""A licence of Grace's as a token, and her asks for it: a world without a chain makes none."""

from datetime import UTC, datetime

import psycopg

from souk.kernel.ids import new_id
from tests.security.world import World

NETWORK = "31337:00000000000000aa"
TOKEN, WALLET, BLOCK = "0x" + "7c" * 32, "0x" + "5b" * 20, "0x" + "8d" * 32


def make_token(connection: psycopg.Connection, world: World) -> None:
    """Adds the token, where it went, and two asks: an open one and one that was withdrawn."""
    licence, fact = world.ids["licence_id"], new_id("cfa", datetime.now(UTC))
    holder = [world.grace.organisation_id, "grace", "Grace", world.grace.user_id]
    for statement, values in (
        (
            "chain.networks SELECT %s, 'local', 31337, '0x00000000000000aa' || repeat('0', 48), "
            "now() - interval '1 day', 0, now() - interval '1 day'",
            [NETWORK],
        ),
        ("chain_index.cursors SELECT %s, 0, -1, '', now()", [NETWORK]),
        (
            "chain_index.facts SELECT %s, %s, 'Transferred', %s, 'final', %s, 7, %s, now(), %s, 0, "
            "'{}', now(), now(), NULL",
            [fact, NETWORK, TOKEN, WALLET, BLOCK, BLOCK],
        ),
        ("chain_index.tokens SELECT %s, %s", [TOKEN, licence]),
        (
            "chain_index.mints SELECT %s, %s, 'local', 31337, %s, %s, %s, %s, %s, %s, %s, now()",
            [licence, NETWORK, WALLET, TOKEN, WALLET, *holder],
        ),
        (
            "chain_index.moves SELECT %s, %s, %s, %s, %s, %s, now()",
            [fact, licence, WALLET, *holder[:3]],
        ),
    ):
        connection.execute(f"INSERT INTO {statement} ON CONFLICT DO NOTHING".encode(), values)
    for state in ("open", "withdrawn"):
        connection.execute(
            "INSERT INTO chain_index.asks SELECT %s, %s, %s, 'local', 31337, %s, %s, %s, 'a/b', "
            "'A licence', %s, %s, 'ETH', '0x' || repeat('0', 40), 1, '0x' || md5(%s) || md5(%s), "
            "0, 0, now() + interval '1 day', '\\x00', NULL, %s, now(), now() "
            "ON CONFLICT DO NOTHING",
            [
                new_id("ask", datetime.now(UTC)),
                state,
                NETWORK,
                licence,
                TOKEN,
                world.ids["published"],
                holder[0],
                WALLET,
                state,
                state,
                holder[3],
            ],
        )
