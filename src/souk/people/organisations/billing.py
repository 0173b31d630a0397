"""The country that an organisation says it buys from."""

from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Invalid
from souk.people.organisations.api import BillingFacts
from souk.people.organisations.countries import is_country, region_of


class BillingRow(msgspec.Struct, frozen=True, kw_only=True):
    country: str
    stated_at: datetime


class BillingService:
    """Implements `organisations.api.BillingApi`."""

    async def of(self, uow: UnitOfWork, organisation_id: str) -> BillingFacts | None:
        row = await uow.one_or_none(
            BillingRow,
            "SELECT country, stated_at FROM people.billing WHERE organisation_id = %(id)s",
            id=organisation_id,
        )
        if row is None:
            return None
        region = region_of(row.country)
        return BillingFacts(country=row.country, region=region, stated_at=row.stated_at)

    async def state(
        self, uow: UnitOfWork, actor: Actor, organisation_id: str, *, country: str
    ) -> BillingFacts:
        user_id = actor.require_user()
        chosen = actor.acting_for(organisation_id)
        if not is_country(country):
            raise Invalid(
                "country_unknown",
                "Name the country by its two letters (ISO 3166-1), such as DE or US.",
            )
        await uow.execute(
            """
            INSERT INTO people.billing (organisation_id, country, stated_by, stated_at)
            VALUES (%(id)s, %(country)s, %(user_id)s, %(now)s)
            ON CONFLICT (organisation_id) DO UPDATE SET country = excluded.country,
                stated_by = excluded.stated_by, stated_at = excluded.stated_at
            """,
            id=chosen,
            country=country,
            user_id=user_id,
            now=uow.now,
        )
        return BillingFacts(country=country, region=region_of(country), stated_at=uow.now)
