"""What other contexts may ask of notices."""

from collections.abc import Sequence
from typing import Protocol

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import Page
from souk_client.contracts.insight import Notice, NoticeChoice, NoticePreference

__all__ = ["Notice", "NoticeChoice", "NoticePreference", "Notices"]


class Notices(Protocol):
    """A user's notices."""

    async def tell(
        self,
        uow: UnitOfWork,
        *,
        user_ids: Sequence[str],
        kind: str,
        title: str,
        body: str,
        link: str | None,
        event_id: str | None = None,
    ) -> None:
        """Tells users something: in the bell, by mail, or not at all, as each of them wants it.

        Args:
            kind: dotted words such as `alert.saved_search`; the first belongs to a topic that users
                can turn off.
            title: one plain line; what is too long is cut.
            body: plain text, may be empty.
            link: a path of the marketplace.
            event_id: what it is about: a user is told once of an event and kind.

        Raises:
            ValueError: the link leads elsewhere.
        """
        ...

    async def page(
        self,
        uow: UnitOfWork,
        actor: Actor,
        *,
        cursor: str | None,
        limit: int,
        unread_only: bool = False,
    ) -> Page[Notice]:
        """The caller's notices, newest first."""
        ...

    async def unread(self, uow: UnitOfWork, actor: Actor) -> int:
        """How many the caller has not read."""
        ...

    async def mark_read(self, uow: UnitOfWork, actor: Actor, notice_id: str | None) -> int:
        """Marks one (or all) of the caller's notices read; answers how many are left unread.

        Raises:
            NotFound: `notice_unknown`.
        """
        ...

    async def open(self, uow: UnitOfWork, actor: Actor, notice_id: str) -> Notice:
        """One of the caller's notices, marked read.

        Raises:
            NotFound: `notice_unknown`.
        """
        ...

    async def preferences(self, uow: UnitOfWork, actor: Actor) -> list[NoticePreference]:
        """How the caller's notices reach them, by topic."""
        ...

    async def choose(
        self, uow: UnitOfWork, actor: Actor, choices: Sequence[NoticeChoice]
    ) -> list[NoticePreference]:
        """Keeps choices of the caller; the other topics stay as they are.

        Raises:
            Invalid: `notice_topic_unknown`.
        """
        ...
