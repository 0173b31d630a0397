"""What a licence that was passed on leaves behind on devices."""

from collections.abc import Sequence

from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.rights.licences.events import LicenceTransferred
from souk.rights.protection import store


def ending_handler() -> Handler:
    """Takes a licence that has another holder from the devices of whoever held it before."""

    async def run(uow: UnitOfWork, delivered: Sequence[Delivered[LicenceTransferred]]) -> None:
        for one in delivered:
            await store.end_releases_of(uow, one.event.licence_id, one.event.before_id)

    return Handler(name="protection.end_releases", events=(LicenceTransferred,), run=run)
