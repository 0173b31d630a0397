"""Owners hear of certificates of their own 30, 7 and 1 days before these end, once each."""

from datetime import timedelta

from souk.delivery.assets import domain_store
from souk.delivery.assets.ending import announce_ending
from souk.delivery.assets.events import CertificateEnding
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications.certificates import body_of, title_of
from souk.insight.notifications.model import topic_of
from souk.kernel.clock import SystemClock
from souk_client.contracts.domains import CertificateBy


async def keep(
    uow: UnitOfWork, domain_id: str, *, days: float, source: CertificateBy = "own"
) -> None:
    row = await domain_store.domain(uow, domain_id)
    assert row is not None
    await domain_store.put_certificate(
        uow,
        row,
        source=source,
        chain_pem="chain",
        key_sealed=b"key",
        not_before=uow.now - timedelta(days=90),
        not_after=uow.now + timedelta(days=days),
    )


async def make(database: Database, domain_id: str) -> None:
    async with database.transaction(SYSTEM) as uow:
        now = uow.now
        row = domain_store.DomainRow(
            id=domain_id,
            organisation_id="org_ending",
            name=f"{domain_id.replace('_', '-')}.example.org",
            site_id="sit_x",
            token="t" * 43,
            certificate_by="own",
            hsts_s=0,
            cors_origins=[],
            per_address_per_minute=600,
            per_key_per_minute=600,
            key_header="",
            proven_at=None,
            checked_at=None,
            problem="",
            created_at=now,
        )
        await uow.execute(
            "INSERT INTO assets.spaces VALUES ('org_ending', 'sit_x', %(now)s) "
            "ON CONFLICT DO NOTHING",
            now=now,
        )
        await domain_store.add(uow, row, user_id="usr_x")


async def told(database: Database, domain_id: str, *, days: float) -> list[int]:
    """What is announced when the certificate has so many days left, looked at twice."""
    async with database.transaction(SYSTEM) as uow:
        await uow.execute(
            "UPDATE assets.certificates SET not_after = %(at)s WHERE domain_id = %(id)s",
            at=uow.now + timedelta(days=days),
            id=domain_id,
        )
        ending = await domain_store.newly_ending(uow)
        assert await domain_store.newly_ending(uow) == []
        return [row.days for row in ending if row.domain_id == domain_id]


async def test_each_step_is_told_once(database: Database) -> None:
    await make(database, "dom_steps")
    async with database.transaction(SYSTEM) as uow:
        await keep(uow, "dom_steps", days=60)
    steps = [await told(database, "dom_steps", days=days) for days in (31, 29, 10, 6, 2, 0.5)]
    assert steps == [[], [30], [], [7], [], [1]]
    async with database.transaction(SYSTEM) as uow:
        await keep(uow, "dom_steps", days=20)
    assert await told(database, "dom_steps", days=20) == [30], "the next certificate counts anew"
    assert await told(database, "dom_steps", days=0.5) == [1], "what was slept through is left out"


async def test_those_that_come_by_themselves_and_ended_ones_are_not_told(
    database: Database,
) -> None:
    await make(database, "dom_acme")
    async with database.transaction(SYSTEM) as uow:
        await keep(uow, "dom_acme", days=3, source="acme")
    assert await told(database, "dom_acme", days=3) == []
    async with database.transaction(SYSTEM) as uow:
        await keep(uow, "dom_acme", days=3)
    assert await told(database, "dom_acme", days=-1) == []


async def test_the_event_names_domain_and_owner(database: Database) -> None:
    await make(database, "dom_event")
    async with database.transaction(SYSTEM) as uow:
        await keep(uow, "dom_event", days=6.5)
        assert await announce_ending(uow) >= 1
    async with database.transaction(SYSTEM, read_only=True) as uow:
        found = await uow.values(
            "SELECT payload FROM infra.events WHERE topic = %(topic)s",
            topic=CertificateEnding.topic,
        )
    (payload,) = [one for one in found if one["domain_id"] == "dom_event"]
    assert (payload["organisation_id"], payload["days"]) == ("org_ending", 7)


def test_the_notice_says_what_to_do() -> None:
    event = CertificateEnding(
        domain_id="dom_x",
        organisation_id="org_x",
        name="cdn.example.org",
        not_after=SystemClock().now() + timedelta(days=1),
        days=1,
    )
    assert title_of(event) == "The certificate of cdn.example.org ends within a day"
    assert "Send the next one" in body_of(event)
    assert topic_of("domain.certificate_ending").email, "by mail too, unless they say otherwise"
