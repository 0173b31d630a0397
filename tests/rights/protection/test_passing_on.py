"""Devices of whoever held a licence before it was passed on."""

import pytest

from souk.infra.outbox.handlers import Delivered
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.ids import EventId
from souk.rights.licences.events import LicenceTransferred
from souk.rights.protection.jobs import ending_handler

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_they_lose_it_and_leave_their_place_to_the_new_holders(database: Database) -> None:
    async with database.transaction(SYSTEM) as uow:
        for number, owner in enumerate(("org_old", "org_new"), start=1):
            await uow.execute(
                """
                WITH device AS (
                    INSERT INTO protection.devices
                        (id, user_id, name, exchange_key, signing_key, created_at, last_seen_at)
                    VALUES (%(id)s, 'usr', 'Desk', %(key)s, %(key)s, %(now)s, %(now)s)
                )
                INSERT INTO protection.releases (licence_id, device_id, organisation_id, user_id,
                    device_name, slot, slot_limit, released_at, offline_until)
                VALUES ('lic', %(id)s, %(owner)s, 'usr', 'Desk', %(slot)s, 3, %(now)s, %(now)s)
                """,
                id=f"dev_{number}",
                key=bytes([number]) * 32,
                owner=owner,
                slot=number,
                now=uow.now,
            )
    passed_on = LicenceTransferred(
        licence_id="lic",
        listing_id="lst",
        listing_address="ada/work",
        listing_title="Work",
        licensee_id="org_new",
        licensor_id="org_ada",
        before_id="org_old",
    )
    async with database.transaction(SYSTEM) as uow:
        told = Delivered(id=EventId("evt"), occurred_at=uow.now, event=passed_on)
        await ending_handler().run(uow, [told])
    async with database.transaction(SYSTEM, read_only=True) as uow:
        left = await uow.values(
            "SELECT organisation_id FROM protection.releases WHERE ended_at IS NULL"
        )
    assert left == ["org_new"]
