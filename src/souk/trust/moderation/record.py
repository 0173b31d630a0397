"""What moderators decided about somebody's things: how many decisions stand against them."""

from datetime import datetime

from souk.infra.postgres.uow import UnitOfWork
from souk.trust.moderation import record_store


class DecisionRecord:
    """Implements `moderation.api.Record`. Only the number is for everybody."""

    async def decisions_against(
        self, uow: UnitOfWork, organisation_id: str, *, since: datetime
    ) -> int:
        async with uow.as_system():
            return await record_store.decisions_against(uow, organisation_id, since=since)
