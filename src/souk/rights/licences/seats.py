"""Seats: which members of the licensee's organisation use a licence with seats."""

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, NotFound
from souk.people.organisations.api import OrganisationsApi
from souk.rights.licences import store
from souk.rights.licences.access import require_seat_freer, require_seat_manager
from souk.rights.licences.service import LicenceService
from souk.rights.licences.views import seat_of
from souk_client.contracts.rights import Licence, Seat


class SeatService:
    """Gives seats and takes them back.

    Args:
        licences: the licences.
        organisations: says who is a member.
    """

    def __init__(self, *, licences: LicenceService, organisations: OrganisationsApi) -> None:
        self._licences = licences
        self._organisations = organisations

    async def list(self, uow: UnitOfWork, licence_id: str) -> list[Seat]:
        """Who sits.

        Raises:
            NotFound: `licence_unknown`.
        """
        await self._licences.get(uow, licence_id)
        return [seat_of(row) for row in await store.seats(uow, licence_id)]

    async def give(self, uow: UnitOfWork, actor: Actor, licence_id: str, user_id: str) -> Seat:
        """Seats a member; who sits already keeps the seat.

        Raises:
            NotFound: `licence_unknown`, `member_unknown`.
            Forbidden: `licensee_only`.
            Conflict: `licence_not_good`, `licence_without_seats`, `seats_taken`.
        """
        licence = await self._licences.get(uow, licence_id)
        require_seat_manager(actor, licence)
        seat_limit = _seat_limit(licence)
        name = await self._member_name(uow, actor, licence, user_id)
        await store.lock(uow, licence_id)
        if await store.seat_of(uow, licence_id, user_id) is None:
            seated = await store.take_seat(
                uow, licence_id, seat_limit=seat_limit, user_id=user_id, user_name=name
            )
            if not seated:
                raise Conflict(
                    "seats_taken",
                    f"All {seat_limit} seats are taken; free one first.",
                    seats=seat_limit,
                )
        row = await store.seat_of(uow, licence_id, user_id)
        assert row is not None
        return seat_of(row)

    async def free(self, uow: UnitOfWork, actor: Actor, licence_id: str, user_id: str) -> None:
        """Takes a seat back.

        Raises:
            NotFound: `licence_unknown`, `seat_unknown`.
            Forbidden: `licensee_only`.
        """
        licence = await self._licences.get(uow, licence_id)
        require_seat_freer(actor, licence, user_id)
        if not await store.free_seat(uow, licence_id, user_id):
            raise NotFound("seat_unknown", "This user has no seat of the licence.")

    async def _member_name(
        self, uow: UnitOfWork, actor: Actor, licence: Licence, user_id: str
    ) -> str:
        for member in await self._organisations.members(uow, actor, licence.licensee.id):
            if member.user_id == user_id:
                return member.name
        raise NotFound("member_unknown", f"{user_id!r} is no member of the licence's holder.")


def _seat_limit(licence: Licence) -> int:
    if licence.state != "active":
        raise Conflict("licence_not_good", "The licence is over.", state=licence.state)
    if licence.terms.seats is None:
        raise Conflict("licence_without_seats", f"This is a {licence.terms.kind} licence.")
    return licence.terms.seats
