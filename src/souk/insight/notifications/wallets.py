"""Tells people that a wallet may sign in to their account, or may no longer."""

from collections.abc import Sequence

from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications.api import Notices
from souk.people.wallets.api import with_checksum
from souk.people.wallets.events import WalletLinked, WalletUnlinked

LINK = "/account/wallets"


def wallet_notices(notices: Notices) -> Handler:
    """A notice for whose account it is, by mail too: it may have been somebody else."""

    async def run(
        uow: UnitOfWork, delivered: Sequence[Delivered[WalletLinked | WalletUnlinked]]
    ) -> None:
        for one in delivered:
            title, body = words_of(one.event)
            await notices.tell(
                uow,
                user_ids=[one.event.user_id],
                kind="account.wallets",
                title=title,
                body=body,
                link=LINK,
                event_id=one.id,
            )

    return Handler(name="insight.wallets", events=(WalletLinked, WalletUnlinked), run=run, batch=50)


def words_of(event: WalletLinked | WalletUnlinked) -> tuple[str, str]:
    """Title and text."""
    address = with_checksum(event.address)
    if isinstance(event, WalletLinked):
        return (
            "A wallet was linked to your account",
            f"{address} can sign in from now on. If that was not you, unlink it and change your "
            "password.",
        )
    return ("A wallet was unlinked from your account", f"{address} can no longer sign in.")
