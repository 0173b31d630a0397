"""What follows other contexts' facts, and what is done now and then."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from souk.delivery.cdn import figures_store, log_store, nodes_store, scaling_store
from souk.delivery.cdn.settings import CdnSettings
from souk.delivery.cdn.telling import Telling
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.rights.licences.events import LicenceRevoked

AVAILABILITY_DAYS: Final = 800
"""Two years of availability by day, and a little more."""
DECISIONS_DAYS: Final = 90


def revocation_handler(telling: Telling) -> Handler:
    """Tells every node of licences that have ended."""

    async def run(uow: UnitOfWork, delivered: Sequence[Delivered[LicenceRevoked]]) -> None:
        for one in delivered:
            await telling.append(uow, kind="revoke", value=one.event.licence_id, by="system")
        telling.push_after(uow)

    return Handler(name="cdn.revocations", events=(LicenceRevoked,), run=run, batch=100)


class Forgetting:
    """Drops what is old."""

    def __init__(self, settings: CdnSettings) -> None:
        self._settings = settings

    async def run(self, uow: UnitOfWork) -> None:
        """Old commands, figures, decisions, join tokens, and nodes that are gone."""
        settings = self._settings
        hour, day = timedelta(hours=1), timedelta(days=1)
        await log_store.forget_commands(uow, before=uow.now - settings.keep_commands_hours * hour)
        figures_before = uow.now - settings.keep_usage_days * day
        await log_store.forget_usage(uow, before=figures_before)
        await figures_store.forget(
            uow,
            minutes_before=figures_before,
            days_before=(uow.now - AVAILABILITY_DAYS * day).date(),
        )
        await scaling_store.forget(uow, before=uow.now - DECISIONS_DAYS * day)
        await nodes_store.forget(
            uow, tokens_before=uow.now - 24 * hour, nodes_before=uow.now - hour
        )
