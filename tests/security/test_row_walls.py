"""The second wall: what PostgreSQL itself shows to a stranger's scope, whatever a query forgets."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from souk.infra.postgres.scope import Scope
from tests.conftest import APP_PASSWORD
from tests.security.assets import make_assets
from tests.security.chain_index import make_token
from tests.security.chain_sales import make_chain_sale
from tests.security.ipfs import make_ipfs
from tests.security.protection import make_protection
from tests.security.wallets import make_credential
from tests.security.world import World, make_world
from tests.security.xet import make_xet

UNWALLED = {
    "souk.schema_version": "the schema's revision",
    "hub.blob_ids": "what git calls a content: it follows from the content alone",
    "infra.events": "the outbox: written by every transaction, read by the worker alone",
    "infra.deliveries": "the outbox: read by the worker alone",
    "infra.idempotency": "looked up by caller and key together; answers are sealed",
    "infra.live_log": "how many live messages there were",
    "infra.signing_keys": "private halves are sealed with the marketplace's secret",
    "provenance.log": "the log is public",
    "provenance.entries": "the log is public",
    "provenance.file_hashes": "the log is public",
    "provenance.waiting": "the log is public: entries on their way into it",
    "provenance.leaves": "the log is public",
    "provenance.nodes": "the log is public",
    "provenance.heads": "the log is public",
    "likeness.files": "which published files were looked at",
    "likeness.features": "what published files have in common",
    "lookups.copies": "published works that are alike",
    "licences.contents": "the files of published versions",
    "chain.networks": "chains are public, and what was done on them",
    "chain.lanes": "chains are public, and what was done on them",
    "chain.transactions": "chains are public, and what was done on them",
    "chain.attempts": "signed transactions: public once they are sent, which they are at once",
    "chain.contracts": "chains are public, and what was done on them",
    "chain.anchors": "the log is public, and where it is anchored",
    "chain_index.cursors": "chains are public, and how far they were read",
    "chain_index.blocks": "chains are public",
    "chain_index.facts": "what contracts announced is public on the chain",
    "chain_index.tokens": "a token's id is the hash of the licence's, and follows from it alone",
    "chain_index.works": "what a work's token says is public",
    "chain_sales.series": "a random number with which the numbers of offers begin; they are public",
    "analytics.stale_hours": "marks for the roll-up, taken by the worker alone",
    "analytics.trending": "shown to everybody",
    "collections.favourite_counts": "how many people like a work is shown on it",
    "collections.follower_counts": "how many people follow a seller is shown",
    "reviews.ratings": "how many gave how many stars, shown on every listing",
    "recommendations.models": "figures about models, none about anybody",
    "works.counts": "sales and downloads, shown on every listing",
    "works.version_snapshots": "what a listing said to everybody when a version became public",
    "cdn.regions": "where nodes may stand is public",
    "rates.quotes": "conversion rates are public: admins state them, everybody reads them",
}
"""Tables without row-level security, and why."""

_OWNER_SHOWN = (
    "NOT EXISTS (SELECT 1 FROM people.organisations o "
    "WHERE o.id = owner_organisation_id AND o.hidden_at IS NOT NULL)"
)
PUBLIC_ROWS = {
    "collections.collections": f"visibility <> 'private' AND hidden_at IS NULL AND {_OWNER_SHOWN}",
    "collections.items": "EXISTS (SELECT 1 FROM collections.collections c "
    f"WHERE c.id = collection_id AND c.visibility <> 'private' AND c.hidden_at IS NULL "
    f"AND {_OWNER_SHOWN})",
    "collections.featured": "starts_at <= now() AND (ends_at IS NULL OR ends_at > now())",
    "people.organisations": "true",
    "protection.choices": "true",
    "people.profiles": "true",
    "people.wallets": "published",
    "badges.credentials": "revoked_at IS NULL",
    "chain_index.asks": "state = 'open'",
    "works.artifacts": "is_public",
    "works.revisions": "is_public",
    "works.listings": "published_at IS NOT NULL",
    "works.versions": "published_at IS NOT NULL",
    "evaluation.evaluations": "is_verified AND EXISTS (SELECT 1 FROM works.listings l "
    "WHERE l.id = listing_id AND l.published_at IS NOT NULL AND l.hidden_at IS NULL)",
    "galleries.images": "EXISTS (SELECT 1 FROM works.listings l WHERE l.id = listing_id "
    "AND l.published_at IS NOT NULL AND l.hidden_at IS NULL)",
    "reviews.reviews": "withdrawn_at IS NULL AND hidden_at IS NULL",
    "reviews.forms": "EXISTS (SELECT 1 FROM reviews.reviews r WHERE r.id = review_id "
    "AND r.withdrawn_at IS NULL AND r.hidden_at IS NULL)",
    "reviews.replies": "EXISTS (SELECT 1 FROM reviews.reviews r WHERE r.id = review_id "
    "AND r.withdrawn_at IS NULL AND r.hidden_at IS NULL)",
    "plugins.releases": "published_at IS NOT NULL",
    "xet.files": "sha256 IN (SELECT a.sha256 FROM works.artifacts a WHERE a.is_public)",
    "works.offers": "EXISTS (SELECT 1 FROM works.listings l WHERE l.id = listing_id "
    "AND l.published_at IS NOT NULL AND l.hidden_at IS NULL)",
}
"""Rows that everybody may see."""

OWN_THROUGH = {
    "ledger.funds": "account_id IN (SELECT id FROM ledger.accounts)",
    "ledger.stripes": "account_id IN (SELECT id FROM ledger.accounts)",
    "ledger.postings": "account_id IN (SELECT id FROM ledger.accounts)",
    "ledger.transfers": "number IN (SELECT transfer_number FROM ledger.postings)",
    "works.artifacts": "sha256 IN (SELECT sha256 FROM works.holders)",
    "xet.xorbs": "hash IN (SELECT xorb FROM xet.xorb_holders)",
    "xet.files": "sha256 IN (SELECT sha256 FROM works.holders)",
    "licences.seats": "licence_id IN (SELECT id FROM licences.licences)",
    "commerce.order_shares": "order_id IN (SELECT id FROM commerce.orders)",
}
"""Rows without an owner of their own belong to whoever owns what they hang on."""

INSERT_FOR_ALL = {
    "people.organisations": "whoever founds one is no member yet",
    "commerce.order_shares": "a sale pays others; the sum over the order is checked",
    "provenance.parties": "an entry names both parties",
    "infra.live_waiting": "whoever changes something says so to those who look at it",
}
"""Tables that a scope may add rows to for others, and why."""


FLEETING = {"infra.live_waiting"}
"""Tables whose rows are gone within milliseconds: whether there are some now says nothing."""


@pytest.fixture(scope="module")
def world(base_url: str) -> Iterator[World]:
    yield from make_world(base_url)


@pytest.fixture(scope="module")
def owner(session_owner_dsn: str, world: World) -> Iterator[psycopg.Connection]:
    """The owner of the tables, whom no policy binds; with a hold of Ada's, which no route makes."""
    with psycopg.connect(session_owner_dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO ledger.holds (id, owner_organisation_id, currency, amount_minor, "
            "idempotency_key, placed_by, created_at, expires_at) "
            "SELECT 'hld_' || id, %s, 'USD', 5, 'walls' || id, id, now(), now() + interval '1 day' "
            "FROM ledger.transfers LIMIT 1",
            [world.ids["personal_organisation"]],
        )
        connection.execute(
            "INSERT INTO collections.featured VALUES (%s, 999, now() + interval '1 day', NULL, '', "
            "%s, now()) ON CONFLICT DO NOTHING",
            [world.ids["published"], world.ids["user_id"]],
        )
        connection.execute(
            "INSERT INTO alerts.matches VALUES (%s, %s, %s, now()) ON CONFLICT DO NOTHING",
            [world.ids["saved_search_id"], world.ids["published"], world.ids["user_id"]],
        )
        connection.execute(
            "INSERT INTO alerts.waiting VALUES (%s, 1, now(), now() + interval '1 day') "
            "ON CONFLICT (listing_id) DO UPDATE SET due_at = excluded.due_at",
            [world.ids["published"]],
        )
        connection.execute(
            "INSERT INTO insight.notice_preferences VALUES (%s, 'sales', true, true, now()) "
            "ON CONFLICT DO NOTHING",
            [world.ids["user_id"]],
        )
        connection.execute(
            "INSERT INTO recommendations.deeds VALUES (%s, %s, 'view', 1, now(), now()) "
            "ON CONFLICT DO NOTHING",
            [world.ids["user_id"], world.ids["published"]],
        )
        _judge(connection, world.ids["published"])
        _deliver(connection, world.ids["personal_organisation"])
        make_xet(connection, world)
        make_ipfs(connection, world)
        make_assets(connection, world)
        make_protection(connection, world)
        make_credential(connection, world)
        make_chain_sale(connection, world)
        make_token(connection, world)
        yield connection


def _deliver(connection: psycopg.Connection, organisation_id: str) -> None:
    """Puts a node and what it has to do with into the CDN; the node is down."""
    digest = bytes(32)
    for insert, values in (
        (
            "join_tokens SELECT %s, 'eu-west', 'usr_x', now(), now() + interval '1 day'",
            [digest],
        ),
        (
            "nodes (id, region, url, is_local, wanted, reported, secret_digest, secret_since, "
            "joined_at) SELECT 'nod_wall', 'eu-west', 'http://127.0.0.1:9', true, 'draining', "
            "'down', %s, now(), now()",
            [digest],
        ),
        ("commands SELECT -1, 'revoke', 'lic_x', 'usr_x', now()", []),
        ("slice_lists SELECT repeat('0', 64), repeat('0', 64), %s", [digest]),
        ("residency SELECT %s, 'lst_x', '{eu-west}', 'usr_x', now()", [organisation_id]),
        (
            "placements SELECT 'plc_wall', %s, 'lst_x', '', 'pin', '{eu-west}', 1, 0, 'usr_x', "
            "now(), NULL",
            [organisation_id],
        ),
        (
            "placed (node_id, sha256, size_bytes, root, listing_id, organisation_id, address, "
            "filename, pinned, cause, number, decided_at) SELECT 'nod_wall', repeat('0', 64), 1, "
            "'', 'lst_x', %s, 'a/b', 'c', true, 'pin', 1, now()",
            [organisation_id],
        ),
        (
            "demand SELECT date_trunc('minute', now()), 'eu-west', repeat('0', 64), 'lst_x', %s, 1",
            [organisation_id],
        ),
        (
            "replicas SELECT 'eu-west', repeat('0', 64), 'lst_x', %s, 1, now(), NULL",
            [organisation_id],
        ),
        ("scaling SELECT 'eu-west', false, 'local', 0, 0, 1, 0, 0, 'usr_x', now()", []),
        (
            "instances (id, region, provider, state, reason, created_at, state_since) "
            "SELECT 'ins_wall', 'eu-west', 'none', 'ended', '', now(), now()",
            [],
        ),
        ("scaling_decisions SELECT 'scd_wall', now(), 'eu-west', 'out', 0, 1, 0, ''", []),
        ("prices SELECT 'eu-west', 'USD', 0, 0, 'usr_x', now()", []),
        ("node_minutes SELECT date_trunc('minute', now()), 'nod_wall', 'eu-west', true", []),
        ("availability SELECT now()::date, 'node', 'nod_wall', 'eu-west', 1, 1", []),
        (
            "alert_rules SELECT 'alr_wall', 'x', 'load', '', true, 1, 1, 0, false, 'usr_x', now()",
            [],
        ),
        ("alert_webhooks SELECT 'whk_wall', 'https://x.example', %s, 'usr_x', now()", [digest]),
        ("alerts SELECT 'ala_wall', 'alr_wall', 'all', 'cleared', 1, now(), NULL, NULL", []),
        (
            "usage SELECT date_trunc('minute', now()), 'nod_wall', %s, 1, 0, 1, 0, "
            "array_fill(0, ARRAY[11])",
            [organisation_id],
        ),
    ):
        connection.execute(f"INSERT INTO cdn.{insert} ON CONFLICT DO NOTHING".encode(), values)


def _judge(connection: psycopg.Connection, listing_id: str) -> None:
    """Puts a flag, a decision and an appeal into the case about a listing."""
    case = "FROM moderation.cases WHERE subject_id = %s ON CONFLICT DO NOTHING"
    for insert in (
        "moderation.flags SELECT 'flg_' || id, id, 'burst', id, 0.5, '{why}', '{}', now()",
        "moderation.decisions SELECT 'dec_' || id, id, 'warn', 'why', 'usr_x', false, now()",
        "moderation.appeals SELECT id, 'usr_x', 'why not', now()",
    ):
        connection.execute(f"INSERT INTO {insert} {case}".encode(), [listing_id])


@pytest.fixture
def stranger(session_owner_dsn: str, world: World) -> Iterator[psycopg.Connection]:
    """The application's role in Mallory's scope; everything is undone."""
    dsn = make_conninfo(session_owner_dsn, user="souk_app", password=APP_PASSWORD)
    scope = Scope(organisation_ids=(world.mallory.organisation_id,), user_id=world.mallory.user_id)
    with psycopg.connect(dsn) as connection:
        connection.execute(scope.statement().encode())
        yield connection
        connection.rollback()


def tables(owner: psycopg.Connection) -> dict[str, bool]:
    """Every table, and whether row-level security is on."""
    rows = owner.execute(
        """
        SELECT format('%s.%s', n.nspname, c.relname), c.relrowsecurity
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_'
          AND n.nspname NOT IN ('information_schema', 'dbos')
        """
    )
    return dict(rows.fetchall())


def named(table: str) -> sql.Identifier:
    return sql.Identifier(*table.split("."))


def places(connection: psycopg.Connection, table: str, where: str = "true") -> set[str]:
    """Where the rows lie that this connection sees."""
    query = sql.SQL("SELECT ctid::text FROM {} t WHERE {}")
    found = connection.execute(query.format(named(table), sql.SQL(where)))  # constants of this file
    return {row[0] for row in found}


def own_places(connection: psycopg.Connection, table: str, world: World) -> set[str]:
    """Where the stranger's own rows lie."""
    ids = (world.mallory.organisation_id, world.mallory.user_id)
    own = " OR ".join(f"t::text LIKE '%{one}%'" for one in ids)
    return places(connection, table, f"({own}) OR ({OWN_THROUGH.get(table, 'false')})")


def test_the_application_owns_nothing_and_no_policy_spares_it(owner: psycopg.Connection) -> None:
    role = owner.execute(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication "
        "FROM pg_roles WHERE rolname = 'souk_app'"
    ).fetchone()
    assert role == (False,) * 5
    owned = owner.execute(
        "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = 'souk_app' "
        "UNION ALL SELECT nspname FROM pg_namespace WHERE pg_get_userbyid(nspowner) = 'souk_app' "
        "UNION ALL SELECT proname FROM pg_proc WHERE pg_get_userbyid(proowner) = 'souk_app'"
    ).fetchall()
    assert not owned
    member_of = owner.execute(
        "SELECT roleid::regrole FROM pg_auth_members WHERE member = 'souk_app'::regrole"
    ).fetchall()
    assert not member_of


def test_every_table_has_row_level_security_or_a_reason(owner: psycopg.Connection) -> None:
    found = tables(owner)
    assert {table for table, walled in found.items() if not walled} == UNWALLED.keys()


def test_functions_that_lift_the_wall_have_a_fixed_search_path(owner: psycopg.Connection) -> None:
    loose = owner.execute(
        """
        SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
        WHERE prosecdef AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
          AND (proconfig IS NULL OR NOT proconfig::text LIKE '%search_path=%pg_temp%'
               OR has_function_privilege('public', p.oid, 'EXECUTE'))
        """
    ).fetchall()
    assert not loose


def test_no_private_row_of_others_is_visible(
    owner: psycopg.Connection, stranger: psycopg.Connection, world: World
) -> None:
    hides = set()
    for table, walled in tables(owner).items():
        if not walled:
            continue
        try:
            seen = places(stranger, table)
        except psycopg.errors.InsufficientPrivilege:
            stranger.rollback()
            raise AssertionError(f"{table} cannot be read at all") from None
        allowed = own_places(stranger, table, world)
        allowed |= places(stranger, table, PUBLIC_ROWS.get(table, "false"))
        assert seen <= allowed, f"{table} shows rows of others"
        if places(owner, table) - seen:
            hides.add(table)
    walled = {table for table, on in tables(owner).items() if on}
    wanted = walled - {table for table, where in PUBLIC_ROWS.items() if where == "true"}
    assert hides | FLEETING == wanted, "a table without others' rows proves nothing"


def test_rows_of_others_cannot_be_changed_or_removed(
    owner: psycopg.Connection, stranger: psycopg.Connection, world: World
) -> None:
    for table, walled in tables(owner).items():
        if not walled:
            continue
        others = list(places(owner, table) - own_places(stranger, table, world))
        for statement in changes(owner, table):
            assert rows_touched(stranger, statement, others) == 0, (table, statement)


def test_rows_cannot_be_added_in_the_name_of_others(
    owner: psycopg.Connection, stranger: psycopg.Connection, world: World
) -> None:
    for table, walled in tables(owner).items():
        if not walled or table in INSERT_FOR_ALL:
            continue
        others = list(places(owner, table) - own_places(stranger, table, world))
        columns, copies = copies_of(owner, table, others[:3])
        for values in copies:
            insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                named(table),
                sql.SQL(", ").join(map(sql.Identifier, columns)),
                sql.SQL(", ").join(sql.Placeholder() for _ in columns),
            )
            with pytest.raises(psycopg.errors.InsufficientPrivilege), stranger.transaction():
                stranger.execute(insert, values)


def changes(owner: psycopg.Connection, table: str) -> list[sql.Composed]:
    """An update and a delete of given rows, as far as the role may do them at all."""
    column = owner.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
        "AND NOT attisdropped AND has_column_privilege('souk_app', attrelid, attnum, 'UPDATE')",
        [table],
    ).fetchone()
    which = sql.SQL("WHERE ctid::text = ANY(%s)")
    statements = [sql.SQL("DELETE FROM {} {}").format(named(table), which)]
    if column is not None:
        update = sql.SQL("UPDATE {} SET {} = {} {}")
        one = sql.Identifier(column[0])
        statements.append(update.format(named(table), one, one, which))
    return statements


def rows_touched(stranger: psycopg.Connection, statement: sql.Composed, rows: list[str]) -> int:
    try:
        with stranger.transaction():
            return stranger.execute(statement, [rows]).rowcount
    except psycopg.errors.InsufficientPrivilege:
        return 0


def copies_of(
    owner: psycopg.Connection, table: str, rows: list[str]
) -> tuple[list[str], list[list[Any]]]:
    """Columns that can be written, and the values of these rows in them."""
    columns = [
        row[0]
        for row in owner.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
            "AND NOT attisdropped AND attgenerated = '' AND attidentity <> 'a'",
            [table],
        )
    ]
    texts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(c)) for c in columns)
    query = sql.SQL("SELECT {} FROM {} WHERE ctid::text = ANY(%s)").format(texts, named(table))
    return columns, [list(row) for row in owner.execute(query, [rows])]
