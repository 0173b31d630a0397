"""News about callers: whoever remembers one must forget when something about them changes."""

from collections.abc import Callable
from typing import Final

from souk.infra.postgres.uow import UnitOfWork

CHANNEL: Final = "souk_access"
"""NOTIFY channel; the payload is the id of a session, key or user that changed."""


class CallerNews:
    """Implements `CallerChanges`: this process hears it from us, the others from PostgreSQL."""

    def __init__(self, forget: Callable[[str], None]) -> None:
        self._forget = forget

    async def changed(self, uow: UnitOfWork, row_id: str) -> None:
        """A session, key or user is not what it was."""
        await uow.execute("SELECT pg_notify('souk_access', %(id)s)", id=row_id)
        uow.after_commit(lambda: self._forget(row_id))
