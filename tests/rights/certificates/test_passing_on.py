"""A certificate whose licence somebody else holds now, and the states in their order."""

from datetime import timedelta

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import PUBLIC, SYSTEM
from souk.kernel.clock import SystemClock
from souk.kernel.ids import new_id
from souk.rights.certificates import store
from souk.rights.certificates.model import is_code, new_code, state_of
from souk.rights.certificates.store import CertificateRow
from souk.rights.licences.service import LicenceService
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.works import LicenceTerms
from tests.rights.conftest import Issue


async def test_a_licence_passed_on_shows_nobody(
    database: Database, licences: LicenceService, issue: Issue
) -> None:
    licence = await issue(LicenceTerms(transferable=True))
    now = SystemClock().now()
    row = CertificateRow(
        id=new_id("crt", now),
        code=new_code(),
        licence_id=licence.id,
        owner_organisation_id=licence.licensee.id,
        shows_holder=True,
        made_at=now,
    )
    async with database.transaction(SYSTEM) as uow:
        await store.put(uow, row)
    async with database.transaction(PUBLIC, read_only=True) as uow:
        before = await store.shown(uow, row.code)
        assert await uow.values("SELECT id FROM certificates.certificates") == []
    assert before is not None and before.holder_id == licence.licensee.id
    heir = OwnerRef(id=new_id("org", now), slug="eve", name="Eve & Co")
    async with database.transaction(SYSTEM) as uow:
        await licences.transfer(uow, licence.id, to=heir, details={})
    async with database.transaction(PUBLIC, read_only=True) as uow:
        after = await store.shown(uow, row.code)
    assert after is not None and after.passed_on
    assert (after.holder_id, after.holder_slug, after.holder_name) == (None, None, None)


def test_states_in_their_order() -> None:
    now = SystemClock().now()
    good = {
        "now": now,
        "valid_until": None,
        "uses_left": None,
        "revoked_at": None,
        "passed_on": False,
    }
    changes = (
        ({}, "valid"),
        ({"valid_until": now + timedelta(seconds=1)}, "valid"),
        ({"valid_until": now}, "expired"),
        ({"uses_left": 0}, "expired"),
        ({"uses_left": 1}, "valid"),
        ({"passed_on": True}, "revoked"),
        ({"revoked_at": now, "valid_until": now, "uses_left": 0}, "revoked"),
    )
    for change, expected in changes:
        state, reason = state_of(**{**good, **change})  # type: ignore[arg-type]  # a table of cases
        assert (state, reason is None) == (expected, expected == "valid"), change


def test_codes_are_codes() -> None:
    codes = {new_code() for _ in range(100)}
    assert len(codes) == 100 and all(map(is_code, codes))
    assert not any(map(is_code, ("", "a" * 25, "A" * 26, "0" * 26, "a" * 27)))
