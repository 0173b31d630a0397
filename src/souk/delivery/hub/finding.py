"""The repository that an address names, found before a handler begins.

For handlers that run in the request's transaction; those that open their own ask `Desk` themselves.
"""

from typing import Final

from litestar.di import Provide

from souk.delivery.hub.desk import Desk, Seen
from souk.delivery.hub.http import type_named
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor


async def seen_repository(
    kind: str, owner: str, name: str, uow: UnitOfWork, actor: Actor, hub_desk: Desk
) -> Seen:
    """As the caller may see it. Raises NotFound `repository_unknown`."""
    repo_type = type_named(kind, owner=owner, name=name)
    return await hub_desk.see(uow, actor, repo_type, owner=owner, name=name)


async def own_repository(
    kind: str, owner: str, name: str, uow: UnitOfWork, actor: Actor, hub_desk: Desk
) -> Seen:
    """For whoever wants to change it. Raises NotFound `repository_unknown`, Unauthenticated."""
    repo_type = type_named(kind, owner=owner, name=name)
    return await hub_desk.see_own(uow, actor, repo_type, owner=owner, name=name)


SEEN: Final = {"seen": Provide(seen_repository)}
OWN: Final = {"own": Provide(own_repository)}
