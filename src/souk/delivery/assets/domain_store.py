"""The SQL of domains, their certificates, and the orders for these."""

from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.domains import CertificateBy

_COLUMNS = """
    d.id, d.owner_organisation_id AS organisation_id, d.name, d.site_id, d.token,
    d.certificate_by, d.hsts_s, d.cors_origins, d.per_address_per_minute, d.per_key_per_minute,
    d.key_header, d.proven_at, d.checked_at, d.problem, d.created_at,
    c.source, c.not_before, c.not_after
"""
_FROM = "FROM assets.domains d LEFT JOIN assets.certificates c ON c.domain_id = d.id"


class DomainRow(msgspec.Struct, frozen=True, kw_only=True):
    """A domain as it is stored, with what is known of its certificate."""

    id: str
    organisation_id: str
    name: str
    site_id: str
    token: str
    certificate_by: CertificateBy
    hsts_s: int
    cors_origins: list[str]
    per_address_per_minute: int
    per_key_per_minute: int
    key_header: str
    proven_at: datetime | None
    checked_at: datetime | None
    problem: str
    created_at: datetime
    source: CertificateBy | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None


class EndingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate of its owner's own that ends within so many days."""

    domain_id: str
    organisation_id: str
    name: str
    not_after: datetime
    days: int


class ServedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A proven domain with what nodes serve it with."""

    name: str
    site_id: str
    hsts_s: int
    cors_origins: list[str]
    per_address_per_minute: int
    per_key_per_minute: int
    key_header: str
    chain_pem: str | None
    key_sealed: bytes | None


async def domains_of(uow: UnitOfWork, organisation_id: str) -> list[DomainRow]:
    """An organisation's domains by name."""
    return await uow.all(
        DomainRow,
        f"SELECT {_COLUMNS} {_FROM} WHERE d.owner_organisation_id = %(id)s ORDER BY d.name",
        id=organisation_id,
    )


async def domain(uow: UnitOfWork, domain_id: str) -> DomainRow | None:
    """A domain that this scope sees."""
    return await uow.one_or_none(
        DomainRow, f"SELECT {_COLUMNS} {_FROM} WHERE d.id = %(id)s", id=domain_id
    )


async def add(uow: UnitOfWork, row: DomainRow, *, user_id: str) -> bool:
    """Notes a claim; False when the organisation has made it before."""
    return bool(
        await uow.execute(
            """
            INSERT INTO assets.domains (id, owner_organisation_id, name, site_id, token,
                certificate_by, hsts_s, cors_origins, per_address_per_minute, per_key_per_minute,
                key_header, created_by, created_at)
            VALUES (%(id)s, %(organisation_id)s, %(name)s, %(site_id)s, %(token)s,
                %(certificate_by)s, %(hsts_s)s, %(cors_origins)s, %(per_address_per_minute)s,
                %(per_key_per_minute)s, %(key_header)s, %(user_id)s, %(created_at)s)
            ON CONFLICT ON CONSTRAINT domains_claimed_once DO NOTHING
            """,
            user_id=user_id,
            **msgspec.structs.asdict(row),
        )
    )


async def change(uow: UnitOfWork, row: DomainRow) -> None:
    """Other rules for a domain."""
    await uow.execute(
        """
        UPDATE assets.domains SET certificate_by = %(certificate_by)s, hsts_s = %(hsts_s)s,
            cors_origins = %(cors_origins)s, per_address_per_minute = %(per_address_per_minute)s,
            per_key_per_minute = %(per_key_per_minute)s, key_header = %(key_header)s
        WHERE id = %(id)s
        """,
        **msgspec.structs.asdict(row),
    )


async def remove(uow: UnitOfWork, domain_id: str) -> None:
    """Takes a domain away, with its certificate (system scope: so do its orders)."""
    await uow.execute("DELETE FROM assets.domains WHERE id = %(id)s", id=domain_id)


async def note_check(
    uow: UnitOfWork, domain_id: str, *, proven_at: datetime | None, problem: str
) -> None:
    """Notes what a look at the proof has found. Fails where another organisation has proven it."""
    await uow.execute(
        "UPDATE assets.domains SET proven_at = %(proven)s, checked_at = %(now)s, "
        "problem = %(problem)s WHERE id = %(id)s",
        id=domain_id,
        proven=proven_at,
        now=uow.now,
        problem=problem[:500],
    )


async def due_for_check(uow: UnitOfWork, *, before: datetime, limit: int) -> list[DomainRow]:
    """Proven domains that were not looked at since then (system scope)."""
    return await uow.all(
        DomainRow,
        f"SELECT {_COLUMNS} {_FROM} WHERE d.proven_at IS NOT NULL AND d.checked_at < %(before)s "
        "ORDER BY d.checked_at LIMIT %(limit)s",
        before=before,
        limit=limit,
    )


async def put_certificate(
    uow: UnitOfWork,
    row: DomainRow,
    *,
    source: CertificateBy,
    chain_pem: str,
    key_sealed: bytes,
    not_before: datetime,
    not_after: datetime,
) -> None:
    """Keeps the certificate of a domain in place of the one before."""
    await uow.execute(
        """
        INSERT INTO assets.certificates (domain_id, owner_organisation_id, source, chain_pem,
            key_sealed, not_before, not_after, made_at)
        VALUES (%(id)s, %(organisation_id)s, %(source)s, %(chain_pem)s, %(key_sealed)s,
            %(not_before)s, %(not_after)s, %(now)s)
        ON CONFLICT (domain_id) DO UPDATE SET source = excluded.source,
            chain_pem = excluded.chain_pem, key_sealed = excluded.key_sealed,
            not_before = excluded.not_before, not_after = excluded.not_after,
            made_at = excluded.made_at, told_days = NULL
        """,
        id=row.id,
        organisation_id=row.organisation_id,
        source=source,
        chain_pem=chain_pem,
        key_sealed=key_sealed,
        not_before=not_before,
        not_after=not_after,
        now=uow.now,
    )


async def newly_ending(uow: UnitOfWork) -> list[EndingRow]:
    """Own certificates that came within 30, 7 or 1 days of their end; each is told of once."""
    return await uow.all(
        EndingRow,
        """
        WITH ending AS (
            SELECT c.domain_id, min(step.days) AS days
            FROM assets.certificates c
            JOIN (VALUES (30), (7), (1)) AS step (days)
                ON c.not_after <= %(now)s + step.days * interval '1 day'
            WHERE c.source = 'own' AND c.not_after > %(now)s
            GROUP BY c.domain_id
        )
        UPDATE assets.certificates c SET told_days = e.days
        FROM ending e JOIN assets.domains d ON d.id = e.domain_id
        WHERE c.domain_id = e.domain_id AND (c.told_days IS NULL OR c.told_days > e.days)
        RETURNING d.id AS domain_id, d.owner_organisation_id AS organisation_id, d.name,
            c.not_after, e.days
        """,
        now=uow.now,
    )


async def served(uow: UnitOfWork) -> list[ServedRow]:
    """Every proven domain, for nodes (system scope)."""
    return await uow.all(
        ServedRow,
        """
        SELECT d.name, d.site_id, d.hsts_s, d.cors_origins, d.per_address_per_minute,
            d.per_key_per_minute, d.key_header, c.chain_pem, c.key_sealed
        FROM assets.domains d LEFT JOIN assets.certificates c ON c.domain_id = d.id
        WHERE d.proven_at IS NOT NULL ORDER BY d.name
        """,
    )


async def news(uow: UnitOfWork) -> int:
    """The number of what nodes are told (system scope)."""
    return int(await uow.value("SELECT number FROM assets.news"))


async def new_news(uow: UnitOfWork) -> None:
    """Nodes have to hear anew (system scope)."""
    await uow.execute("UPDATE assets.news SET number = number + 1")


async def order_due(uow: UnitOfWork, *, renew_before: datetime) -> None:
    """Places an order for each proven domain that needs a certificate (system scope)."""
    await uow.execute(
        """
        INSERT INTO assets.orders (domain_id, due_at)
        SELECT d.id, %(now)s FROM assets.domains d
        LEFT JOIN assets.certificates c ON c.domain_id = d.id
        WHERE d.proven_at IS NOT NULL AND d.certificate_by = 'acme' AND (
            c.domain_id IS NULL OR c.not_after < %(now)s + least(
                %(renew_before)s - %(now)s, (c.not_after - c.not_before) / 3))
        ON CONFLICT DO NOTHING
        """,
        now=uow.now,
        renew_before=renew_before,
    )


async def take_order(uow: UnitOfWork, *, again_at: datetime) -> DomainRow | None:
    """The next order that is due; it is due again at `again_at` unless it ends (system scope)."""
    taken = await uow.value(
        """
        UPDATE assets.orders SET due_at = %(again)s, attempts = attempts + 1 WHERE domain_id = (
            SELECT domain_id FROM assets.orders WHERE due_at <= %(now)s
            ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
        ) RETURNING domain_id
        """,
        now=uow.now,
        again=again_at,
    )
    return None if taken is None else await domain(uow, str(taken))


async def end_order(uow: UnitOfWork, domain_id: str) -> None:
    """The order is done (system scope)."""
    await uow.execute("DELETE FROM assets.orders WHERE domain_id = %(id)s", id=domain_id)


async def put_off(uow: UnitOfWork, domain_id: str, *, problem: str) -> None:
    """The order has failed: it is tried again, each time after twice as long (system scope)."""
    await uow.execute(
        """
        UPDATE assets.orders SET problem = %(problem)s,
            due_at = %(now)s + least(2 ^ (attempts - 1), 1440) * interval '1 minute'
        WHERE domain_id = %(id)s
        """,
        id=domain_id,
        problem=problem[:500],
        now=uow.now,
    )


async def order_problem(uow: UnitOfWork, domain_id: str) -> str:
    """Why a certificate has not come yet (system scope)."""
    found = await uow.value(
        "SELECT problem FROM assets.orders WHERE domain_id = %(id)s", id=domain_id
    )
    return str(found or "")


async def account_key(uow: UnitOfWork, directory: str) -> tuple[bytes, str] | None:
    """The sealed key and the address of the account at an authority (system scope)."""
    rows = await uow.dicts(
        "SELECT key_sealed, address FROM assets.accounts WHERE directory = %(directory)s",
        directory=directory,
    )
    return None if not rows else (bytes(rows[0]["key_sealed"]), str(rows[0]["address"]))


async def keep_account(uow: UnitOfWork, directory: str, *, sealed: bytes, address: str) -> None:
    """Keeps the account at an authority (system scope)."""
    await uow.execute(
        "INSERT INTO assets.accounts VALUES (%(directory)s, %(sealed)s, %(address)s, %(now)s) "
        "ON CONFLICT DO NOTHING",
        directory=directory,
        sealed=sealed,
        address=address,
        now=uow.now,
    )


async def put_challenge(uow: UnitOfWork, *, token: str, domain_name: str, answer: str) -> None:
    """What is to be answered to the authority (system scope)."""
    await uow.execute(
        "INSERT INTO assets.challenges VALUES (%(token)s, %(name)s, %(answer)s, %(now)s) "
        "ON CONFLICT DO NOTHING",
        token=token,
        name=domain_name,
        answer=answer,
        now=uow.now,
    )


async def challenge(uow: UnitOfWork, token: str) -> str | None:
    """The answer to a challenge (system scope)."""
    found = await uow.value(
        "SELECT answer FROM assets.challenges WHERE token = %(token)s", token=token
    )
    return None if found is None else str(found)


async def forget_challenges(uow: UnitOfWork, *, before: datetime) -> None:
    """Removes old challenges (system scope)."""
    await uow.execute("DELETE FROM assets.challenges WHERE made_at < %(before)s", before=before)
