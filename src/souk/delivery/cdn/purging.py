"""A purge, from the wish to what every node said to it."""

from souk.delivery.cdn.service import CdnService
from souk.delivery.cdn.telling import Telling
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import scope_of
from souk.kernel.actor import Actor
from souk_client.contracts.cdn import Purge, PurgeRequest


class Purging:
    """Orders purges and waits for the nodes; opens its own transactions."""

    def __init__(self, database: Database, *, cdn: CdnService, telling: Telling) -> None:
        self._database = database
        self._cdn = cdn
        self._telling = telling

    async def purge(self, actor: Actor, wanted: PurgeRequest) -> Purge:
        """Lets every node forget something.

        Raises:
            Forbidden: `purge_not_yours`. Invalid: `purge_value_invalid`.
        """
        async with self._database.transaction(scope_of(actor)) as uow:
            number = await self._cdn.order_purge(uow, actor, wanted)
        nodes = await self._telling.push()
        return Purge(number=number, confirmed=all(node.confirmed for node in nodes), nodes=nodes)
