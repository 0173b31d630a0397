"""A sale on a chain of Grace's, as it is kept: a world without a chain makes none."""

import secrets
from datetime import UTC, datetime

import psycopg
from psycopg.types.json import Jsonb

from souk.kernel.ids import new_id
from tests.security.world import World

HASH = "0x" + "ab" * 32


def make_chain_sale(connection: psycopg.Connection, world: World) -> str:
    """Adds a paid sale with its step, and where Ada is paid; answers the sale's id."""
    sale_id, wallet = new_id("csl", datetime.now(UTC)), "0x" + "5a" * 20
    values = {
        "id": sale_id,
        "state": "final",
        "network": "31337:0000000000000000",
        "chain": "local",
        "chain_id": 31337,
        "market": "0x" + "3a" * 20,
        "nonce": "0x" + secrets.token_hex(32),
        "wallet": wallet,
        "token": "0x" + "00" * 20,
        "buyer_organisation_id": world.grace.organisation_id,
        "seller_organisation_id": world.ada.organisation_id,
        "bought_by": world.grace.user_id,
        "listing_id": world.ids["published"],
        "offer_id": "off_wall",
        "listing_title": "A work that was paid on a chain",
        "price_minor": 10_000_000,
        "currency": "ETH",
        "price_units": 10**16,
        "quoted_minor": 2000,
        "quoted_currency": "USD",
        "rate": "0.0005",
        "rate_as_of": "2026-01-01",
        "rate_source": "tests",
        "purchase": Jsonb({}),
        "direct_organisations": [],
        "voucher": Jsonb({}),
        "signature": bytes(65),
        "deadline": "2026-01-01T00:15:00Z",
        "refund_window_s": 0,
        "holds_reserve": False,
        "created_at": "2026-01-01T00:00:00Z",
        "changed_at": "2026-01-01T00:01:00Z",
        "order_id": world.ids["order_id"],
        "licence_id": world.ids["licence_id"],
        "fact_id": "fact_wall",
        "transaction_hash": HASH,
        "block_number": 7,
        "block_time": "2026-01-01T00:01:00Z",
    }
    columns, marks = ", ".join(values), ", ".join(f"%({name})s" for name in values)
    connection.execute(
        f"INSERT INTO chain_sales.sales ({columns}) VALUES ({marks}) "
        "ON CONFLICT DO NOTHING".encode(),
        values,
    )
    connection.execute(
        "INSERT INTO chain_sales.steps VALUES (%s, 1, 'final', NULL, %s, 7, 'Paid.', now()) "
        "ON CONFLICT DO NOTHING",
        [sale_id, HASH],
    )
    connection.execute(
        "INSERT INTO chain_sales.payouts VALUES (%s, %s, NULL, %s, now()) ON CONFLICT DO NOTHING",
        [world.ada.organisation_id, wallet, world.ada.user_id],
    )
    return sale_id
