"""Licences through their public face: issue, check, use, revoke, prove; and who sees them."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import CheckViolation, InsufficientPrivilege, IntegrityConstraintViolation

from souk.infra.keyring import Keyring
from souk.infra.outbox.store import write_events
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import PUBLIC, SYSTEM, Scope
from souk.kernel.clock import FixedClock, SystemClock
from souk.kernel.errors import Conflict, NotFound
from souk.rights.licences.service import LicenceService
from souk.rights.provenance.sequencer import Sequencer
from souk.rights.provenance.service import ProvenanceService
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.rights import Licence
from souk_client.contracts.works import LicenceTerms
from souk_client.proofs import (
    ProofError,
    commit_party,
    read_bundle,
    verify_bundle,
    verify_licence,
)
from tests.rights.conftest import FILE_HASHES, FILES, ORIGIN, Issue

pytestmark = pytest.mark.database

Fresh = Callable[[str], str]


def scope_of(*organisation_ids: str) -> Scope:
    return Scope(organisation_ids=organisation_ids)


async def test_a_sold_licence_verifies_offline_with_its_files_and_its_proof(
    database: Database,
    licences: LicenceService,
    provenance: ProvenanceService,
    sequencer: Sequencer,
    issue: Issue,
) -> None:
    licence = await issue()
    buyer = scope_of(licence.licensee.id)
    async with database.transaction(buyer, read_only=True) as uow:
        with pytest.raises(Conflict) as pending:
            await licences.bundle(uow, licence.id)
        assert pending.value.code == "proof_pending"
    await sequencer.drain()
    async with database.transaction(buyer, read_only=True) as uow:
        data = await licences.bundle(uow, licence.id)
        file = await licences.signed_file(uow, licence.id)
    async with database.transaction(PUBLIC, read_only=True) as uow:
        trusted = await provenance.published_keys(uow)
    result = verify_bundle(data, file_hashes=FILE_HASHES, trusted=trusted, now=SystemClock().now())
    assert [check for check in result.checks if not check.ok] == []
    facts = verify_licence(file, trusted)
    assert facts == result.licence
    assert (facts.licence_id, facts.issuer) == (licence.id, ORIGIN)
    assert facts.licensee.organisation_id == licence.licensee.id
    other_files = FILE_HASHES | {"README.md": "0" * 64}
    assert not verify_bundle(
        data, file_hashes=other_files, trusted=trusted, now=SystemClock().now()
    ).ok
    with pytest.raises(ProofError):
        verify_licence(file[:-1] + ("A" if file[-1] != "A" else "B"), trusted)


async def test_the_public_log_does_not_name_the_buyer(
    database: Database,
    licences: LicenceService,
    provenance: ProvenanceService,
    sequencer: Sequencer,
    issue: Issue,
) -> None:
    bob = OwnerRef(id="org_" + "b" * 26, slug="bobs-shop", name="Bob Buyer")
    first, second = [await issue(licensee_organisation=bob) for _ in range(2)]
    await sequencer.drain()
    async with database.transaction(PUBLIC, read_only=True) as uow:
        entries = [
            await provenance.entry(uow, licence.provenance_entry_id) for licence in (first, second)
        ]
    for entry in entries:
        text = msgspec.json.encode(entry.body).decode()
        assert not any(word in text for word in (bob.id, bob.slug, bob.name))
    actors = [entry.body["actor_organisation_id"] for entry in entries]
    assert actors[0] != actors[1]  # two sales to one buyer do not look alike
    async with database.transaction(scope_of(bob.id), read_only=True) as uow:
        facts = verify_licence(
            await licences.signed_file(uow, first.id), await provenance.published_keys(uow)
        )
    assert facts.licensee_salt is not None
    assert commit_party(bob.id, facts.licensee_salt) == actors[0]


async def test_either_party_sees_a_licence_and_nobody_else(
    database: Database, licences: LicenceService, issue: Issue, fresh: Fresh
) -> None:
    licence = await issue()
    for party in (licence.licensee.id, licence.licensor.id):
        async with database.transaction(scope_of(party)) as uow:
            assert (await licences.get(uow, licence.id)).id == licence.id
    for stranger in (scope_of(fresh("org")), PUBLIC):
        async with database.transaction(stranger) as uow:
            for call in (
                licences.get(uow, licence.id),
                licences.check(uow, licence.id),
                licences.grant(uow, licence.id),
                licences.use(uow, licence.id),
                licences.revoke(uow, licence.id, reason="mine now"),
                licences.signed_file(uow, licence.id),
                licences.bundle(uow, licence.id),
            ):
                with pytest.raises(NotFound) as unknown:
                    await call
                assert unknown.value.code == "licence_unknown"
            both = [licence.licensee.id, licence.licensor.id]
            assert (await licences.list(uow, organisation_ids=both)).items == []
            assert await licences.find_good(uow, both, licence.listing_id) is None


async def test_the_rows_are_walled_by_the_database_itself(
    issue: Issue, app_dsn: str, fresh: Fresh
) -> None:
    licence = await issue(LicenceTerms(kind="seats", seats=2))
    count = "SELECT count(*) FROM licences.licences WHERE id = %s"
    with psycopg.connect(app_dsn) as application:
        assert application.execute(count, [licence.id]).fetchone() == (0,)
        application.execute(f"SET souk.organisations = '{{{fresh('org')}}}'")
        assert application.execute(count, [licence.id]).fetchone() == (0,)
        touched = application.execute("UPDATE licences.licences SET uses_left = 0")
        assert touched.rowcount == 0
        application.execute(f"SET souk.organisations = '{{{licence.licensor.id}}}'")
        assert application.execute(count, [licence.id]).fetchone() == (1,)


async def test_a_timed_licence_ends_at_its_moment(
    app_dsn: str, keyring: Keyring, issue: Issue, licences: LicenceService
) -> None:
    licence = await issue(LicenceTerms(kind="timed", duration_days=30))
    assert licence.valid_until is not None
    assert licence.valid_until - licence.valid_from == timedelta(days=30)
    clock = FixedClock(licence.valid_until - timedelta(microseconds=1))
    later = Database(app_dsn, pool_size=2, clock=clock, write_events=write_events)
    await later.open()
    try:
        buyer = scope_of(licence.licensee.id)
        async with later.transaction(buyer) as uow:
            assert (await licences.check(uow, licence.id)).good
            found = await licences.find_good(uow, [licence.licensee.id], licence.listing_id)
            assert found is not None
            assert found.licence_id == licence.id
        clock.advance(timedelta(microseconds=1))
        async with later.transaction(buyer) as uow:
            check = await licences.check(uow, licence.id)
            assert (check.good, check.state) == (False, "expired")
            assert await licences.find_good(uow, [licence.licensee.id], licence.listing_id) is None
            with pytest.raises(Conflict) as over:
                await licences.use(uow, licence.id)
            assert over.value.extra == {"state": "expired"}
    finally:
        await later.close()


async def test_racing_for_the_last_uses_never_takes_more_than_there_are(
    database: Database, licences: LicenceService, issue: Issue
) -> None:
    licence = await issue(LicenceTerms(kind="counted", uses=7))

    async def use() -> str:
        try:
            async with database.transaction(scope_of(licence.licensee.id)) as uow:
                await licences.use(uow, licence.id)
        except Conflict as refused:
            return refused.code
        return "used"

    outcomes = await asyncio.gather(*(use() for _ in range(24)))
    assert outcomes.count("used") == 7
    assert set(outcomes) == {"used", "licence_not_good"}
    async with database.transaction(scope_of(licence.licensee.id)) as uow:
        check = await licences.check(uow, licence.id)
    assert (check.state, check.uses_left, check.good) == ("used_up", 0, False)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(limit=st.integers(1, 50), wishes=st.lists(st.integers(1, 30), max_size=8))
async def test_uses_are_taken_all_or_none(
    limit: int, wishes: list[int], database: Database, licences: LicenceService, issue: Issue
) -> None:
    licence = await issue(LicenceTerms(kind="counted", uses=limit))
    left = limit
    async with database.transaction(SYSTEM) as uow:
        for wish in wishes:
            if wish <= left:
                left -= wish
                assert (await licences.use(uow, licence.id, uses=wish)).uses_left == left
            else:
                code = "uses_too_few" if left else "licence_not_good"
                with pytest.raises(Conflict) as refused:
                    await licences.use(uow, licence.id, uses=wish)
                assert refused.value.code == code
        assert (await licences.get(uow, licence.id)).uses_left == left


async def test_a_licence_that_counts_nothing_can_be_used_for_ever(
    database: Database, licences: LicenceService, issue: Issue
) -> None:
    licence = await issue()
    async with database.transaction(SYSTEM) as uow:
        for _ in range(3):
            check = await licences.use(uow, licence.id, uses=10**9)
            assert (check.good, check.uses_left) == (True, None)


async def test_a_revocation_is_final_recorded_and_announced_once(
    database: Database,
    licences: LicenceService,
    provenance: ProvenanceService,
    sequencer: Sequencer,
    issue: Issue,
    owner_dsn: str,
) -> None:
    licence = await issue()
    async with database.transaction(scope_of(licence.licensor.id)) as uow:
        revoked = await licences.revoke(uow, licence.id, reason="paid with a stolen card")
    async with database.transaction(scope_of(licence.licensor.id)) as uow:
        again = await licences.revoke(uow, licence.id, reason="another reason")
    assert (revoked.state, revoked.revoked_reason) == ("revoked", "paid with a stolen card")
    assert again == revoked
    await sequencer.drain()
    async with database.transaction(scope_of(licence.licensee.id)) as uow:
        assert not (await licences.check(uow, licence.id)).good
        assert await licences.find_good(uow, [licence.licensee.id], licence.listing_id) is None
        for document in (licences.signed_file, licences.bundle):
            with pytest.raises(Conflict) as refused:
                await document(uow, licence.id)
            assert refused.value.code == "licence_not_good"
        timeline = await provenance.timeline(uow, licence.listing_id)
    assert [entry.kind for entry in timeline] == ["sold", "revoked"]
    assert {entry.body["licence_id"] for entry in timeline} == {licence.id}
    assert "stolen card" not in str(timeline)
    with psycopg.connect(owner_dsn) as owner:
        events = owner.execute(
            """
            SELECT payload ->> 'reason' FROM infra.events
            WHERE topic = 'rights.licence_revoked' AND payload ->> 'licence_id' = %s
            """,
            [licence.id],
        ).fetchall()
        assert events == [("paid with a stolen card",)]
        with pytest.raises(IntegrityConstraintViolation, match="revoked for good"):
            owner.execute("UPDATE licences.licences SET revoked_at = NULL, revoked_reason = NULL")


async def test_racing_revocations_append_one_entry(
    database: Database,
    licences: LicenceService,
    provenance: ProvenanceService,
    issue: Issue,
) -> None:
    licence = await issue()

    async def revoke() -> None:
        async with database.transaction(SYSTEM) as uow:
            await licences.revoke(uow, licence.id, reason="race", entry_kind="refunded")

    await asyncio.gather(*(revoke() for _ in range(8)))
    async with database.transaction(PUBLIC) as uow:
        timeline = await provenance.timeline(uow, licence.listing_id)
    assert sorted(entry.kind for entry in timeline) == ["refunded", "sold"]


async def test_nothing_is_left_of_a_licence_whose_transaction_failed(
    database: Database,
    licences: LicenceService,
    provenance: ProvenanceService,
    fresh: Fresh,
) -> None:
    listing_id, buyer, seller = fresh("lst"), fresh("org"), fresh("org")
    uow = database.unit_of_work(SYSTEM)
    licence = await licences.issue(
        uow,
        listing_id=listing_id,
        listing_address="ada/iris",
        listing_title="Iris",
        version_id=fresh("ver"),
        version="1.0.0",
        spdx=None,
        terms=LicenceTerms(),
        licensee_organisation=OwnerRef(id=buyer, slug="bob", name="Bob"),
        licensor_organisation=OwnerRef(id=seller, slug="ada", name="Ada"),
        order_id=None,
        files=FILES,
    )
    await uow.rollback()
    async with database.transaction(SYSTEM) as uow:
        with pytest.raises(NotFound):
            await licences.get(uow, licence.id)
        assert await provenance.timeline(uow, listing_id) == []


async def test_of_several_good_licences_the_longest_lived_is_found(
    database: Database, licences: LicenceService, issue: Issue, fresh: Fresh
) -> None:
    buyer = OwnerRef(id=fresh("org"), slug="bob", name="Bob")
    same = {"listing_id": fresh("lst"), "licensee_organisation": buyer}
    expected: list[Licence] = []
    for terms in (
        LicenceTerms(kind="counted", uses=1, duration_days=1),
        LicenceTerms(kind="timed", duration_days=9),
        LicenceTerms(kind="counted", uses=1),
        LicenceTerms(),
    ):
        expected.append(await issue(terms, **same))
        async with database.transaction(scope_of(buyer.id)) as uow:
            found = await licences.find_good(uow, [buyer.id, fresh("org")], same["listing_id"])
        assert found is not None
        assert found.licence_id == expected[-1].id
    async with database.transaction(scope_of(buyer.id)) as uow:
        assert await licences.find_good(uow, [fresh("org")], same["listing_id"]) is None
        assert await licences.find_good(uow, [], same["listing_id"]) is None
        assert await licences.find_good(uow, [buyer.id], fresh("lst")) is None


async def test_lists_give_every_licence_of_a_side_once(
    database: Database, licences: LicenceService, issue: Issue, fresh: Fresh
) -> None:
    buyer = OwnerRef(id=fresh("org"), slug="bob", name="Bob")
    made = [(await issue(licensee_organisation=buyer)).id for _ in range(7)]
    seen, cursor = [], None
    async with database.transaction(scope_of(buyer.id)) as uow:
        for _ in range(5):
            page = await licences.list(uow, organisation_ids=[buyer.id], cursor=cursor, limit=3)
            seen += [licence.id for licence in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        gave = await licences.list(uow, organisation_ids=[buyer.id], side="licensor")
    assert seen == made[::-1]
    assert gave.items == []


@pytest.mark.parametrize(
    "change",
    [
        "uses_left = -1",
        "uses_left = 6",
        "uses_left = NULL",
        "revoked_at = now()",
        "revoked_reason = 'x'",
    ],
)
async def test_the_database_refuses_facts_that_cannot_be(
    change: str, issue: Issue, app_dsn: str
) -> None:
    licence = await issue(LicenceTerms(kind="counted", uses=5))
    with psycopg.connect(app_dsn) as application:
        application.execute("SET souk.system = 'on'")
        with pytest.raises(CheckViolation):
            application.execute(
                f"UPDATE licences.licences SET {change} WHERE id = %s", [licence.id]
            )


@pytest.mark.parametrize("column", ["listing_id", "valid_until", "use_limit", "licensor_id"])
async def test_the_application_cannot_change_what_a_licence_says(column: str, app_dsn: str) -> None:
    with psycopg.connect(app_dsn) as application:
        application.execute("SET souk.system = 'on'")
        with pytest.raises(InsufficientPrivilege):
            application.execute(f"UPDATE licences.licences SET {column} = NULL")


@pytest.mark.parametrize("column", ["licensee_id", "licensee_salt"])
async def test_a_licence_changes_hands_only_with_an_entry_that_says_so(
    column: str, issue: Issue, app_dsn: str
) -> None:
    licence = await issue(LicenceTerms(kind="perpetual"))
    with psycopg.connect(app_dsn) as application:
        application.execute("SET souk.system = 'on'")
        with pytest.raises(CheckViolation):
            application.execute(
                f"UPDATE licences.licences SET {column} = 'other' WHERE id = %s", [licence.id]
            )


async def test_the_signed_file_is_the_same_each_time(
    database: Database, licences: LicenceService, issue: Issue
) -> None:
    licence = await issue(LicenceTerms(kind="seats", seats=3, duration_days=5))
    async with database.transaction(SYSTEM) as uow:
        first, second = [await licences.signed_file(uow, licence.id) for _ in range(2)]
        assert first == second
    assert datetime.now(UTC) - licence.valid_from < timedelta(minutes=5)


async def test_a_bundle_carries_only_the_keys_that_signed(
    database: Database, licences: LicenceService, sequencer: Sequencer, issue: Issue
) -> None:
    licence = await issue()
    await sequencer.drain()
    async with database.transaction(SYSTEM) as uow:
        bundle = read_bundle(await licences.bundle(uow, licence.id))
    assert sorted(key.purpose for key in bundle.keys.keys) == ["licence", "log"]
