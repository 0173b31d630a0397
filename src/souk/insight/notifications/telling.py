"""Telling users something: in the bell, by mail, as each of them wants it."""

from collections.abc import Sequence

from souk.infra.live import api as live
from souk.infra.live.api import Live, NewMessage
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications import preference_store, store
from souk.insight.notifications.events import MailWanted
from souk.insight.notifications.model import MAX_BODY, MAX_TITLE, shortened, topic_of, ways_of
from souk.insight.notifications.store import Message, NewNotice
from souk.kernel.ids import UserId, new_id
from souk.people.identity.api import IdentityApi, UserFacts

PREFERENCES_PATH = "/account/notifications"


class Telling:
    """Stores notices and asks for their mail."""

    def __init__(self, *, identity: IdentityApi, live: Live, base_url: str) -> None:
        self._identity = identity
        self._live = live
        self._base_url = base_url

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
        """As `Notices.tell`."""
        if link is not None and not (link.startswith("/") and not link.startswith("//")):
            raise ValueError(f"a notice leads to a page of the marketplace, not to {link!r}")
        message = Message(
            kind=kind, title=shortened(title, MAX_TITLE), body=shortened(body, MAX_BODY), link=link
        )
        about = event_id or new_id("evt", uow.now)
        await self.tell_all(
            uow, [NewNotice(about, UserId(user_id), message) for user_id in sorted(set(user_ids))]
        )

    async def tell_all(self, uow: UnitOfWork, notices: Sequence[NewNotice]) -> None:
        """Several notices; one that an event, user and kind had before is left out."""
        if not notices:
            return
        async with uow.as_system():
            await self._tell_all(uow, notices)

    async def _tell_all(self, uow: UnitOfWork, notices: Sequence[NewNotice]) -> None:
        chosen = await preference_store.of_users(uow, sorted({n.user_id for n in notices}))
        in_app: list[NewNotice] = []
        mailed: list[NewNotice] = []
        for notice in notices:
            ways = ways_of(topic_of(notice.message.kind), chosen.get(notice.user_id, {}))
            if ways.in_app or ways.email:
                in_app.append(
                    NewNotice(notice.event_id, notice.user_id, notice.message, ways.in_app)
                )
            if ways.email:
                mailed.append(notice)
        if not in_app:
            return
        fresh = await store.insert(uow, in_app)
        await self._live.publish_all(
            uow,
            [
                NewMessage(live.user(n.user_id), "notice", {"kind": n.message.kind})
                for n in in_app
                if n.in_app and _key(n) in fresh
            ],
        )
        await self._mail(uow, [notice for notice in mailed if _key(notice) in fresh])

    async def _mail(self, uow: UnitOfWork, notices: Sequence[NewNotice]) -> None:
        if not notices:
            return
        users = await self._identity.many(uow, sorted({notice.user_id for notice in notices}))
        for notice in notices:
            user = users.get(notice.user_id)
            if user is not None:
                uow.publish(self._mail_of(notice.message, user))

    def _mail_of(self, message: Message, user: UserFacts) -> MailWanted:
        preferences = f"{self._base_url}{PREFERENCES_PATH}"
        where = f"\n\n{self._base_url}{message.link}" if message.link else ""
        return MailWanted(
            to=user.email,
            to_name=user.name,
            subject=message.title,
            text=f"{message.body}{where}\n\n--\nChoose what is sent to you: {preferences}\n",
            unsubscribe=preferences,
        )


def _key(notice: NewNotice) -> tuple[str, str, str]:
    return notice.event_id, notice.user_id, notice.message.kind
