"""Tokens for Xet, as clients ask for them."""

from souk.delivery.hub.desk import Desk, Seen
from souk.delivery.hub.rights import FileRights
from souk.delivery.xet.api import XetToken, XetTokens
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor


class HubXetTokens:
    """Gives tokens to whoever may read or write."""

    def __init__(self, desk: Desk, rights: FileRights, tokens: XetTokens) -> None:
        self._desk = desk
        self._rights = rights
        self._tokens = tokens

    async def to_read(self, uow: UnitOfWork, actor: Actor, seen: Seen, revision: str) -> XetToken:
        """A token for the files of a revision.

        Raises:
            NotFound: `revision_not_found`.
            Forbidden: `repository_gated`, `repository_disabled`.
        """
        at = await self._desk.at(uow, seen, revision)
        await self._rights.admit(uow, actor, seen)
        return await self._tokens.issue(uow, actor, seen.id, at.revision_id or "", "read")

    async def to_write(self, uow: UnitOfWork, actor: Actor, seen: Seen) -> XetToken:
        """A token that sends files.

        Raises:
            Forbidden: `not_listing_manager`, `permission_missing`.
        """
        return await self._tokens.issue(uow, actor, seen.id, "", "write")
