"""What other contexts may ask of notices."""

from typing import Protocol

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import Page
from souk_client.contracts.insight import Notice

__all__ = ["Notice", "Notices"]


class Notices(Protocol):
    """A user's notices."""

    async def page(
        self, uow: UnitOfWork, actor: Actor, *, cursor: str | None, limit: int
    ) -> Page[Notice]:
        """The caller's notices, newest first."""
        ...

    async def unread(self, uow: UnitOfWork, actor: Actor) -> int:
        """How many the caller has not read."""
        ...

    async def mark_read(self, uow: UnitOfWork, actor: Actor, notice_id: str | None) -> int:
        """Marks one (or all) of the caller's notices read; answers how many are left unread."""
        ...
