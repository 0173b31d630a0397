"""Tokens for Xet, as clients ask for them."""

from souk.delivery.hub.counting import DownloadCounter
from souk.delivery.hub.desk import Desk, Seen
from souk.delivery.hub.model import RepoType
from souk.delivery.hub.rights import FileRights
from souk.delivery.hub.trees import TreeShelf
from souk.delivery.xet.api import XetToken, XetTokens
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import scope_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor


class HubXetTokens:
    """Gives tokens to whoever may read or write."""

    def __init__(
        self,
        database: Database,
        desk: Desk,
        rights: FileRights,
        tokens: XetTokens,
        *,
        trees: TreeShelf,
        counter: DownloadCounter,
    ) -> None:
        self._database = database
        self._desk = desk
        self._rights = rights
        self._tokens = tokens
        self._trees = trees
        self._counter = counter

    async def to_read(
        self, actor: Actor, repo_type: RepoType, *, owner: str, name: str, revision: str
    ) -> XetToken:
        """A token for the files of a revision; giving it counts as the beginning of a download.

        Raises:
            NotFound: `repository_unknown`, `revision_not_found`.
            Forbidden: `repository_gated`, `repository_disabled`, `licence_not_good`.
        """
        async with self._database.transaction(scope_of(actor), read_only=True) as uow:
            seen = await self._desk.see(uow, actor, repo_type, owner=owner, name=name)
            at = await self._desk.at(uow, seen, revision)
            admitted = await self._rights.admit(uow, actor, seen)
            files = (await self._trees.get(uow, at.revision_id)).files
            token = await self._tokens.issue(uow, actor, seen.id, at.revision_id or "", "read")
        if files:
            await self._counter.begin(actor, seen, at, admitted, sha256=files[0].sha256)
        return token

    async def to_write(self, uow: UnitOfWork, actor: Actor, seen: Seen) -> XetToken:
        """A token that sends files.

        Raises:
            Forbidden: `not_listing_manager`, `permission_missing`.
        """
        return await self._tokens.issue(uow, actor, seen.id, "", "write")
