"""Seats: never more people than seats, and only members of the holder."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import psycopg
import pytest
from psycopg.errors import CheckViolation, ForeignKeyViolation

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM, scope_of
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, Forbidden, NotFound
from souk.kernel.ids import OrganisationId, UserId
from souk.people.identity.news import CallerNews
from souk.people.organisations.service import OrganisationService
from souk.rights.licences.seats import SeatService
from souk.rights.licences.service import LicenceService
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.rights import Licence
from souk_client.contracts.works import LicenceTerms
from tests.rights.conftest import Issue

pytestmark = pytest.mark.database

Fresh = Callable[[str], str]


class Team(msgspec.Struct, frozen=True):
    """An organisation with a manager, some members, and a licence with seats."""

    manager: Actor
    members: list[Actor]
    licence: Licence


MakeTeam = Callable[..., Awaitable[Team]]


@pytest.fixture(scope="module")
def seats(licences: LicenceService) -> SeatService:
    organisations = OrganisationService(CallerNews(lambda _row_id: None))
    return SeatService(licences=licences, organisations=organisations)


@pytest.fixture(scope="module")
def make_team(database: Database, issue: Issue, fresh: Fresh) -> MakeTeam:
    async def make(*, members: int, seat_count: int = 1, terms: LicenceTerms | None = None) -> Team:
        organisation_id = OrganisationId(fresh("org"))
        actors = [
            Actor(
                user_id=UserId(fresh("usr")),
                organisation_id=organisation_id,
                memberships={organisation_id: "member" if number else "manager"},
            )
            for number in range(members + 1)
        ]
        async with database.transaction(SYSTEM) as uow:
            await uow.execute(
                "INSERT INTO people.organisations VALUES (%(id)s, %(id)s, 'Team', false, now())",
                id=organisation_id,
            )
            for actor in actors:
                await uow.execute(
                    """
                    INSERT INTO people.users
                    VALUES (%(id)s, %(id)s, 'Somebody', '', '{buyer}', '', %(team)s, now());
                    """,
                    id=actor.user_id,
                    team=organisation_id,
                )
                await uow.execute(
                    "INSERT INTO people.memberships VALUES (%(team)s, %(id)s, %(role)s, now())",
                    id=actor.user_id,
                    team=organisation_id,
                    role=actor.memberships[organisation_id],
                )
        licence = await issue(
            terms or LicenceTerms(kind="seats", seats=seat_count),
            licensee_organisation=OwnerRef(id=organisation_id, slug="team", name="Team"),
        )
        return Team(actors[0], actors[1:], licence)

    return make


async def give(database: Database, seats: SeatService, team: Team, user_id: str) -> str:
    """What became of it: `seated` or the code of the refusal."""
    try:
        async with database.transaction(scope_of(team.manager)) as uow:
            await seats.give(uow, team.manager, team.licence.id, user_id)
    except (Conflict, NotFound, Forbidden) as refused:
        return refused.code
    return "seated"


def user_ids(team: Team) -> list[str]:
    return [member.user_id for member in team.members if member.user_id is not None]


async def test_racing_for_the_last_seats_never_seats_more_than_there_are(
    database: Database, seats: SeatService, licences: LicenceService, make_team: MakeTeam
) -> None:
    team = await make_team(members=12, seat_count=5)
    outcomes = await asyncio.gather(
        *(give(database, seats, team, user_id) for user_id in user_ids(team))
    )
    assert outcomes.count("seated") == 5
    assert set(outcomes) == {"seated", "seats_taken"}
    async with database.transaction(scope_of(team.manager)) as uow:
        assert len(await seats.list(uow, team.licence.id)) == 5
        assert (await licences.get(uow, team.licence.id)).seats_used == 5


async def test_who_sits_already_keeps_the_one_seat_even_in_a_race(
    database: Database, seats: SeatService, make_team: MakeTeam
) -> None:
    team = await make_team(members=1, seat_count=3)
    (user_id,) = user_ids(team)
    outcomes = await asyncio.gather(*(give(database, seats, team, user_id) for _ in range(6)))
    assert set(outcomes) == {"seated"}
    async with database.transaction(scope_of(team.manager)) as uow:
        assert [seat.user_id for seat in await seats.list(uow, team.licence.id)] == [user_id]


async def test_a_freed_seat_can_be_given_again(
    database: Database, seats: SeatService, make_team: MakeTeam
) -> None:
    team = await make_team(members=3, seat_count=2)
    first, second, third = user_ids(team)
    assert await give(database, seats, team, first) == "seated"
    assert await give(database, seats, team, second) == "seated"
    assert await give(database, seats, team, third) == "seats_taken"
    own = team.members[0]
    async with database.transaction(scope_of(own)) as uow:
        await seats.free(uow, own, team.licence.id, first)  # everybody may give up their own
    assert await give(database, seats, team, third) == "seated"
    async with database.transaction(scope_of(team.manager)) as uow:
        with pytest.raises(NotFound):
            await seats.free(uow, team.manager, team.licence.id, first)


async def test_only_managers_give_seats_and_only_to_members(
    database: Database, seats: SeatService, make_team: MakeTeam, fresh: Fresh
) -> None:
    team = await make_team(members=2, seat_count=2)
    assert await give(database, seats, team, fresh("usr")) == "member_unknown"
    member = team.members[0]
    other = team.members[1].user_id
    assert other is not None
    async with database.transaction(scope_of(member)) as uow:
        with pytest.raises(Forbidden):
            await seats.give(uow, member, team.licence.id, other)
        with pytest.raises(Forbidden):
            await seats.free(uow, member, team.licence.id, other)
    stranger = (await make_team(members=0)).manager
    async with database.transaction(scope_of(stranger)) as uow:
        for call in (
            seats.give(uow, stranger, team.licence.id, other),
            seats.free(uow, stranger, team.licence.id, other),
            seats.list(uow, team.licence.id),
        ):
            with pytest.raises(NotFound) as unknown:
                await call
            assert unknown.value.code == "licence_unknown"


async def test_the_licensor_sees_the_licence_but_gives_no_seats(
    database: Database, seats: SeatService, make_team: MakeTeam
) -> None:
    team = await make_team(members=1)
    seller_id = OrganisationId(team.licence.licensor.id)
    seller = Actor(
        user_id=UserId("usr_seller"), organisation_id=seller_id, memberships={seller_id: "owner"}
    )
    async with database.transaction(scope_of(seller)) as uow:
        with pytest.raises(Forbidden):
            await seats.give(uow, seller, team.licence.id, user_ids(team)[0])


async def test_a_licence_with_seats_is_good_only_for_who_sits(
    database: Database, seats: SeatService, licences: LicenceService, make_team: MakeTeam
) -> None:
    team = await make_team(members=2, seat_count=1)
    seated, standing = user_ids(team)
    assert await give(database, seats, team, seated) == "seated"
    mine = [team.licence.licensee.id]
    async with database.transaction(scope_of(team.manager)) as uow:
        for user_id, good in ((seated, True), (standing, False)):
            check = await licences.check(uow, team.licence.id, user_id=user_id)
            assert (check.good, check.state) == (good, "active")
            found = await licences.find_good(uow, mine, team.licence.listing_id, user_id=user_id)
            assert (found is not None) is good
        assert await licences.find_good(uow, mine, team.licence.listing_id) is None


async def test_a_licence_that_is_over_or_has_no_seats_gives_none(
    database: Database, seats: SeatService, licences: LicenceService, make_team: MakeTeam
) -> None:
    plain = await make_team(members=1, terms=LicenceTerms())
    assert await give(database, seats, plain, user_ids(plain)[0]) == "licence_without_seats"
    team = await make_team(members=1)
    async with database.transaction(SYSTEM) as uow:
        await licences.revoke(uow, team.licence.id, reason="over")
    assert await give(database, seats, team, user_ids(team)[0]) == "licence_not_good"


async def test_the_database_itself_refuses_a_seat_too_many(
    make_team: MakeTeam, app_dsn: str
) -> None:
    team = await make_team(members=0, seat_count=2)
    insert = "INSERT INTO licences.seats VALUES (%s, %s, %s, 'usr_x', 'X', now())"
    with psycopg.connect(app_dsn) as application:
        application.execute("SET souk.system = 'on'")
        with pytest.raises(CheckViolation):
            application.execute(insert, [team.licence.id, 3, 2])
        application.rollback()
        application.execute("SET souk.system = 'on'")
        with pytest.raises(ForeignKeyViolation):  # nor with a limit that is not the licence's
            application.execute(insert, [team.licence.id, 3, 3])
