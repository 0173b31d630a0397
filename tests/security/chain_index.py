"""A licence of Grace's as a token, and her asks for it: a world without a chain makes none."""

import secrets
from datetime import UTC, datetime

import psycopg

from souk.kernel.ids import new_id
from tests.security.world import World

NETWORK = "31337:00000000000000aa"


def make_token(connection: psycopg.Connection, world: World) -> str:
    """Adds the token, where it went, and two asks: an open one, whose id it answers, and one that
    was withdrawn."""
    token, wallet, block = (f"0x{secrets.token_hex(size)}" for size in (32, 20, 32))
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
            "chain_index.facts SELECT %s, %s, 'Transferred', %s, 'final', %s, %s, %s, now(), %s, "
            "0, jsonb_build_object('recipient', %s::text), now(), now(), NULL",
            [fact, NETWORK, token, wallet, secrets.randbelow(2**40), block, block, wallet],
        ),
        (
            "chain.transactions (id, network, purpose, data, value, state, not_before, created_at) "
            "SELECT %s, %s, %s, '\\x00', 0, 'queued', now() + interval '1 day', now()",
            [new_id("ctx", datetime.now(UTC)), NETWORK, f"mint:{licence}"],
        ),
        ("chain_index.tokens SELECT %s, %s", [token, licence]),
        (
            "chain_index.mints SELECT %s, %s, 'local', 31337, %s, %s, %s, %s, %s, %s, %s, now()",
            [licence, NETWORK, wallet, token, wallet, *holder],
        ),
        (
            "chain_index.moves SELECT %s, %s, %s, %s, %s, %s, now()",
            [fact, licence, wallet, *holder[:3]],
        ),
    ):
        connection.execute(f"INSERT INTO {statement} ON CONFLICT DO NOTHING".encode(), values)
    asks = {state: new_id("ask", datetime.now(UTC)) for state in ("open", "withdrawn")}
    for state, ask_id in asks.items():
        connection.execute(
            "INSERT INTO chain_index.asks SELECT %s, %s, %s, 'local', 31337, %s, %s, %s, 'a/b', "
            "'A licence', %s, %s, 'ETH', '0x' || repeat('0', 40), 1, '0x' || md5(%s) || md5(%s), "
            "0, 0, now() + interval '1 day', '\\x00', NULL, %s, now(), now() "
            "ON CONFLICT DO NOTHING",
            [
                ask_id,
                state,
                NETWORK,
                licence,
                token,
                world.ids["published"],
                holder[0],
                wallet,
                state,
                state,
                holder[3],
            ],
        )
    return asks["open"]
