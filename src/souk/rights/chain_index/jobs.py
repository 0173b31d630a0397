"""What happens here when something was read from a chain."""

from collections.abc import Sequence
from typing import Any

from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.rights.chain_index.events import AskCancelled, LicenceMinted, Transferred
from souk.rights.chain_index.holders import Holders
from souk.rights.licences.events import LicenceRevoked


def follow_tokens(holders: Holders) -> Handler:
    """Makes licences follow their tokens, and asks agree with the chain."""

    async def run(uow: UnitOfWork, delivered: Sequence[Delivered[Any]]) -> None:
        for one in delivered:
            match one.event:
                case Transferred() | LicenceMinted() as event:
                    await holders.follow(uow, network=event.network, token_id=event.licence_id)
                case LicenceRevoked() as event:
                    await holders.revoked(uow, event.licence_id)
                case AskCancelled(stage="seen" | "final") as event:
                    await holders.cancelled(
                        uow, network=event.network, seller=event.seller, nonce=event.nonce
                    )

    return Handler(
        name="rights.follow_tokens",
        events=(Transferred, LicenceMinted, AskCancelled, LicenceRevoked),
        run=run,
        batch=20,
    )
