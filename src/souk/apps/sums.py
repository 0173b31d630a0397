"""Adds the sums of analytics up again: what an operator does when they are in doubt."""

from souk.apps.container import Container
from souk.infra.postgres.scope import SYSTEM


async def rebuild_sums(container: Container) -> int:
    """Adds up everything again that single facts are kept of, in one transaction; sums of days
    whose facts are deleted stay as they are. Answers how many hours of listings it added up.
    """
    async with container.opened(), container.core.database.transaction(SYSTEM) as uow:
        return await container.analytics.rollup.rebuild(uow)
