"""The SQL of profiles."""

from souk.infra.postgres.uow import UnitOfWork
from souk.people.organisations.api import Profile


async def get(uow: UnitOfWork, organisation_id: str) -> Profile | None:
    """What an organisation says of itself; None when it never did."""
    return await uow.one_or_none(
        Profile,
        "SELECT about, website FROM people.profiles WHERE organisation_id = %(id)s",
        id=organisation_id,
    )


async def put(uow: UnitOfWork, organisation_id: str, profile: Profile) -> None:
    """Writes it."""
    await uow.execute(
        """
        INSERT INTO people.profiles (organisation_id, about, website, updated_at)
        VALUES (%(id)s, %(about)s, %(website)s, %(now)s)
        ON CONFLICT (organisation_id) DO UPDATE
        SET about = excluded.about, website = excluded.website, updated_at = excluded.updated_at
        """,
        id=organisation_id,
        about=profile.about,
        website=profile.website,
        now=uow.now,
    )
